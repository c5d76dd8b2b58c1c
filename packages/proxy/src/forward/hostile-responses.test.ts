import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { connect, Socket } from 'node:net'
import { http2ServerOptions } from '@kube-authn/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { everyoneIs, exchange, jane, listening, portOf, proxyTo, toBytes, until } from '../../test/servers.ts'
import { impersonatingProxy } from '../index.ts'
import { passedHeaders } from '../headers/response-headers.ts'
import { sendResponse } from './send-response.ts'

const REQUEST = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const UPGRADE =
  'GET /api/v1/namespaces/a/pods/b/exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const NOWHERE = { url: '', ca: '' }

describe('an upstream that does not keep to HTTP', () => {
  it.each([
    ['101 to a request that asks for none', 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n'],
    [
      'a transfer coding that Node leaves',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    ],
    ['no status', 'HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a line break in a header', 'HTTP/1.1 200 OK\r\nX-A: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n'],
  ])('is a 502: %s', async (_, bytes) => {
    const { port } = await proxyTo(NOWHERE, await toBytes(bytes))
    expect(await exchange(port, REQUEST)).toMatch(/^HTTP\/1\.1 502 /)
  })

  it('more bytes than the response has end the connection, and nothing else', async () => {
    const bytes = `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${'ok'.repeat(100_000)}`
    const { port } = await proxyTo(NOWHERE, await toBytes(bytes))
    for (let attempt = 0; attempt < 3; attempt++) expect(await exchange(port, REQUEST)).not.toContain('okok')
  })

  it.each([
    ['a length', 'Content-Length: 100\r\n\r\npart'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n'],
  ])('a response with %s that breaks off does so at the client, and is logged', async (_, rest) => {
    const entries: unknown[] = []
    const options = await toBytes((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`))
    const { port } = await proxyTo(NOWHERE, { ...options, log: (entry) => void entries.push(entry) })
    const answer = await exchange(port, REQUEST)
    expect(answer).toContain('part')
    expect(answer).not.toMatch(/\r\n0\r\n\r\n$/)
    await until(() => entries.length > 0)
    expect(entries).toHaveLength(1)
  })

  it('a second response is not that of the next request', async () => {
    let count = 0
    const first = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst'
    const { port } = await proxyTo(
      NOWHERE,
      await toBytes((socket) => {
        const of = ++count
        socket.write(of === 1 ? first : 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext')
        if (of === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond')
      }),
    )
    await exchange(port, REQUEST)
    const next = await exchange(port, REQUEST)
    expect(next).not.toContain('second')
  })

  it.each([
    ['204', 'HTTP/1.1 204 No Content\r\nContent-Length: 30\r\nETag: "a"\r\n\r\n', REQUEST, false],
    ['304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 30\r\nETag: "a"\r\n\r\n', REQUEST, true],
    [
      'HEAD',
      'HTTP/1.1 200 OK\r\nContent-Length: 30\r\nETag: "a"\r\n\r\n',
      REQUEST.replace('GET', 'HEAD'),
      true,
    ],
    [
      '101',
      'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 30\r\nETag: "a"\r\n\r\n',
      UPGRADE,
      false,
    ],
  ])('the length of a %s is passed on if it may have one', async (_, bytes, request, isPassed) => {
    const options = await toBytes((socket) => socket.end(bytes))
    const answer = await exchange((await proxyTo(NOWHERE, options)).port, request)
    expect(answer).toContain('\r\nETag: "a"\r\n')
    expect(/\r\ncontent-length: 30\r\n/i.test(answer)).toBe(isPassed)
    expect(answer).toMatch(/\r\n\r\n$/)
  })

  it('joins repeated trailers', async () => {
    const bytes =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n' +
      'X-A: 1\r\nSet-Cookie: a=b\r\nX-A: 2\r\nAudit-ID: a\r\n__proto__: c\r\n\r\n'
    const { port } = await proxyTo(NOWHERE, {
      ...(await toBytes(bytes)),
      responseHeaders: ['x-a', '__proto__'],
    })
    const answer = await exchange(port, REQUEST)
    expect(answer.slice(answer.indexOf('\r\n0\r\n') + 5)).toBe('X-A: 1, 2\r\n__proto__: c\r\n\r\n')
  })
})

describe('an upgrade that the upstream does not switch', () => {
  it.each([
    ['200 OK', 'Content-Length: 7\r\n\r\nsecrets'],
    ['200 OK', 'Transfer-Encoding: chunked\r\n\r\n7\r\nsecrets\r\n'],
    ['204 No Content', 'X-A: secrets\r\n\r\n'],
    ['206 Partial Content', 'Content-Length: 7\r\n\r\nsecrets'],
    ['301 Moved Permanently', 'Location: /secrets\r\nContent-Length: 0\r\n\r\n'],
    ['304 Not Modified', 'ETag: secrets\r\n\r\n'],
    ['399 Other', 'Content-Length: 7\r\n\r\nsecrets'],
  ])('is a 502 if the answer is %s', async (status, rest) => {
    const lines: string[] = []
    const { port } = await proxyTo(NOWHERE, {
      ...(await toBytes(`HTTP/1.1 ${status}\r\n${rest}`)),
      log: (entry) => void lines.push(JSON.stringify(entry)),
    })
    const answer = await exchange(port, UPGRADE)
    expect(answer).toMatch(/^HTTP\/1\.1 502 /)
    expect(answer).not.toContain('secrets')
    await until(() => lines.length > 0)
    expect(lines.join()).toContain(`the upstream answered an upgrade with ${status.slice(0, 3)}`)
  })

  it('passes on a response of any size', async () => {
    const size = 3_000_000
    const head = `HTTP/1.1 403 Forbidden\r\nContent-Length: ${size}\r\n\r\n`
    const { port } = await proxyTo(NOWHERE, await toBytes(`${head}${'x'.repeat(size)}`))
    const answer = await exchange(port, `${UPGRADE}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect(answer.slice(answer.indexOf('\r\n\r\n') + 4)).toHaveLength(size)
  })

  it('ends at the upstream if the client leaves while its response pauses', async () => {
    const upstream: Socket[] = []
    const options = await toBytes((socket) => {
      upstream.push(socket)
      socket.write('HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n')
    })
    const { port } = await proxyTo(NOWHERE, options)
    const client = connect(port, '127.0.0.1')
    client.write(UPGRADE)
    await once(client, 'data')
    client.destroy()
    await until(() => upstream[0]?.destroyed === true)
    expect(upstream).toHaveLength(1)
  })
})

describe('over HTTP/2', () => {
  it.each([
    [204, 'GET', undefined],
    [304, 'GET', '30'],
    [200, 'HEAD', '30'],
  ])('a %i to %s has the length %s', async (status, method, expected) => {
    const proxy = impersonatingProxy({
      authenticator: everyoneIs(jane),
      ...(await toBytes(`HTTP/1.1 ${status} S\r\nContent-Length: 30\r\nETag: "a"\r\n\r\n`)),
      log: false,
    })
    onTestFinished(proxy.close)
    const server = createHttp2Server(http2ServerOptions({ cleanHttp2Fields: true }), proxy.express())
    await listening(server)
    const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`)
    onTestFinished(() => session.destroy())
    const request = session.request({ ':path': '/', ':method': method })
    const [headers] = (await once(request, 'response')) as [Record<string, unknown>]
    expect(headers).toMatchObject({ ':status': status, etag: '"a"' })
    expect(headers['content-length']).toBe(expected)
    request.resume()
    await once(request, 'close')
  })

  it.each(['Content-Type', 'ETag', 'Location', 'Date', 'Age', 'Host', 'Access-Control-Allow-Credentials'])(
    'two values of %s are a 502, since HTTP/2 cannot carry them',
    async (name) => {
      const from = new IncomingMessage(new Socket())
      from.statusCode = 200
      from.rawHeaders = [name, '1', name, '2', 'X-A', '3']
      from.push(null)
      const server = createHttp2Server((message, response) => {
        const passed = passedHeaders(['Host', 'X-A', 'Access-Control-Allow-Credentials'])
        const parts = { mode: 'impersonate', isSandboxed: true, passed, credentialRefused: () => {} } as const
        const outgoing = { method: 'GET', authorization: undefined }
        const nothing = (): void => {}
        sendResponse(from, { message, response }, outgoing, parts, nothing, nothing)
      })
      await listening(server)
      const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`)
      onTestFinished(() => session.destroy())
      const request = session.request({ ':path': '/' })
      const [headers] = (await once(request, 'response')) as [Record<string, unknown>]
      expect(headers[':status']).toBe(502)
      expect(headers).not.toHaveProperty('x-a')
      request.resume()
      await once(request, 'close')
    },
  )
})
