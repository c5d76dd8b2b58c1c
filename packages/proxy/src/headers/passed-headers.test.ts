import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { fileURLToPath } from 'node:url'
import { http2ServerOptions } from '@kube-authn/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { REFUSED_HEADERS } from '../../test/refused-headers.ts'
import {
  echoing,
  everyoneIs,
  exchange,
  jane,
  listening,
  portOf,
  proxyTo,
  toBytes,
} from '../../test/servers.ts'
import { impersonatingProxy, type ImpersonatingProxyOptions } from '../index.ts'
import { passedHeaders } from './response-headers.ts'

const NOWHERE = { url: '', ca: '' }
const GET = 'GET /api/v1/namespaces/a/services/b/proxy/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const UPGRADE =
  'GET /api/v1/namespaces/a/services/b/proxy/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
/** What this proxy, and Node, add to every response. */
const OWN = new Set([
  'audit-id',
  'connection',
  'content-length',
  'content-security-policy',
  'date',
  'keep-alive',
  'transfer-encoding',
])

const linesOf = (names: readonly string[]): string => names.map((name) => `${name}: 1\r\n`).join('')
const namesIn = (lines: string): readonly string[] =>
  lines
    .split('\r\n')
    .filter((line) => line.includes(': '))
    .map((line) => line.slice(0, line.indexOf(': ')).toLowerCase())
/** The names of the headers of a response, without those that every response has. */
const foreign = (answer: string): readonly string[] =>
  namesIn(answer.slice(answer.indexOf('\r\n'), answer.indexOf('\r\n\r\n')))
    .filter((name) => !OWN.has(name))
    .toSorted()

async function answerTo(
  request: string,
  response: string,
  options: Partial<ImpersonatingProxyOptions> = {},
): Promise<string> {
  const { port } = await proxyTo(NOWHERE, { ...options, ...(await toBytes(echoing(response))) })
  return exchange(port, request)
}

const CASES = Object.entries(REFUSED_HEADERS)

describe('what a hostile response says of the whole site', () => {
  it.each(CASES)('%s: no response brings it', async (_, names) => {
    const answer = await answerTo(
      GET,
      `HTTP/1.1 200 OK\r\n${linesOf(names)}ETag: "a"\r\nContent-Length: 2\r\n\r\nok`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nok$/)
    expect(foreign(answer)).toEqual(['etag'])
  })

  it.each(CASES)('%s: no trailer does', async (_, names) => {
    const answer = await answerTo(
      GET,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: ${names.join(', ')}\r\n\r\n2\r\nok\r\n0\r\n${linesOf(names)}Repr-Digest: a=:YQ==:\r\n\r\n`,
    )
    expect(namesIn(answer.slice(answer.indexOf('\r\n0\r\n')))).toEqual(['repr-digest'])
  })

  it.each(CASES)('%s: neither does the response to an upgrade', async (_, names) => {
    const refused = await answerTo(
      UPGRADE,
      `HTTP/1.1 403 Forbidden\r\n${linesOf(names)}Content-Length: 2\r\n\r\nno`,
    )
    expect(refused).toMatch(/^HTTP\/1\.1 403 /)
    expect(foreign(refused)).toEqual([])
    const switching = await toBytes((socket) =>
      socket.end(
        `HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${linesOf(names)}Sec-WebSocket-Accept: a\r\n\r\n`,
      ),
    )
    const { port } = await proxyTo(NOWHERE, switching)
    const switched = await exchange(port, UPGRADE)
    expect(switched).toMatch(/^HTTP\/1\.1 101 /)
    expect(foreign(switched)).toEqual(['sec-websocket-accept', 'upgrade'])
  })

  it.each(CASES)('%s: nor one over HTTP/2', async (_, names) => {
    const proxy = impersonatingProxy({
      authenticator: everyoneIs(jane),
      ...(await toBytes(
        echoing(`HTTP/1.1 200 OK\r\n${linesOf(names)}ETag: "a"\r\nContent-Length: 2\r\n\r\nok`),
      )),
      log: false,
    })
    onTestFinished(proxy.close)
    const server = createHttp2Server(http2ServerOptions({ cleanHttp2Fields: true }), proxy.express())
    await listening(server)
    const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`)
    onTestFinished(() => session.destroy())
    const request = session.request({ ':path': '/' })
    const [headers] = (await once(request, 'response')) as [Record<string, unknown>]
    expect(headers[':status']).toBe(200)
    expect(Object.keys(headers).filter((name) => !OWN.has(name))).toEqual([':status', 'etag'])
  })

  it('early hints are not passed on', async () => {
    const answer = await answerTo(
      GET,
      'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).not.toMatch(/link/i)
  })
})

describe('passedHeaders', () => {
  const documented = (part: string): readonly string[] => {
    const page = readFileSync(fileURLToPath(new URL('../../../../docs/proxy.md', import.meta.url)), 'utf8')
    const rows = page.split('\n').filter((line) => line.startsWith(`| ${part}`))
    return rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name.toLowerCase()))
  }

  it('are those that docs/proxy.md has', async () => {
    const names = documented('passed: ')
    expect([...passedHeaders().headers].toSorted()).toEqual(names.toSorted())
    expect([...passedHeaders().trailers].toSorted()).toEqual(documented('passed trailers').toSorted())
    const further = names.filter((name) => !OWN.has(name))
    const answer = await answerTo(GET, `HTTP/1.1 200 OK\r\n${linesOf(further)}Content-Length: 0\r\n\r\n`)
    expect(foreign(answer)).toEqual(further.toSorted())
  })

  it('have none of those that are refused', () => {
    const refused = Object.values(REFUSED_HEADERS).flat()
    expect(refused.filter((name) => passedHeaders().headers.has(name.toLowerCase()))).toEqual([])
  })

  it('may be given further names, in any case, for headers and trailers', async () => {
    const answer = await answerTo(
      GET,
      'HTTP/1.1 200 OK\r\nX-Total-Count: 1\r\nlink: a\r\nX-Total: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-TOTAL-COUNT: 2\r\nX-Total: 3\r\n\r\n',
      { responseHeaders: ['x-total-count', 'Link'] },
    )
    expect(foreign(answer)).toEqual(['link', 'x-total-count'])
    expect(namesIn(answer.slice(answer.indexOf('\r\n0\r\n')))).toEqual(['x-total-count'])
  })

  it('are not passed on if Connection lists them', async () => {
    const answer = await answerTo(
      GET,
      'HTTP/1.1 200 OK\r\nConnection: ETag, X-A\r\nETag: "a"\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n',
      { responseHeaders: ['X-A'] },
    )
    expect(foreign(answer)).toEqual([])
  })
})
