import { createServer, type ServerOptions } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bearerToken } from '../../request/bearer-token.ts'
import { authenticateRequest } from '../../handler/authenticate-request.ts'
import { tokenFile } from '../../token/file/token-file.ts'
import { incomingMessageRequest, type NodeRequest } from './index.ts'

const LONG = 'x'.repeat(60_000)
const authenticate = authenticateRequest(bearerToken(tokenFile(`good,jane,1\n${LONG},long,2`)))

async function statusOf(message: NodeRequest): Promise<number> {
  const outcome = await authenticate(incomingMessageRequest(message))
  return 'failure' in outcome ? outcome.failure.status : 200
}

/** The status of the answer to these bytes. */
async function overHttp1(text: string, options: ServerOptions = {}): Promise<number> {
  const server = createServer(options, (message, response) => {
    void statusOf(message).then((status) => response.writeHead(status).end())
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write(text)
  const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
}

/** The status of the answer, or whether the stream or the whole connection ended without one. */
async function overHttp2(headers: Record<string, string | string[]>): Promise<number | string> {
  const server = createHttp2Server((message, response) => {
    void statusOf(message).then((status) => response.writeHead(status).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    maxSendHeaderBlockLength: 1_000_000,
  })
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  return new Promise((resolve) => {
    session
      .on('error', () => resolve('the connection ended'))
      .on('goaway', () => resolve('the connection ended'))
    const stream = session.request(headers)
    stream.on('response', ({ ':status': status }) => resolve(status ?? 0))
    stream.on('error', () => resolve(session.closed ? 'the connection ended' : 'the stream ended'))
  })
}

/* What `docs/deviations.md` says of Node, which decides it before anything here is asked: syntax of requests, size and number of headers. */

describe('a request over HTTP/1', () => {
  it.each([
    ['Host twice', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n'],
    ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a b/c\r\n'],
    ['two blanks before its target', 'GET  / HTTP/1.1\r\nHost: a\r\n'],
    ['two blanks behind its target', 'GET /  HTTP/1.1\r\nHost: a\r\n'],
    ['a broken escape', 'GET /%zz HTTP/1.1\r\nHost: a\r\n'],
  ])('with %s is authenticated like any other', async (_, lines) => {
    expect(await overHttp1(`${lines}Authorization: Bearer good\r\n\r\n`)).toBe(200)
    expect(await overHttp1(`${lines}Authorization: Bearer bad\r\n\r\n`)).toBe(401)
  })

  it.each([
    ['a folded line', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\r\nHost: a\nX: a\r\n'],
    ['an unknown method', 'FOO / HTTP/1.1\r\nHost: a\r\n'],
  ])('with %s is refused by Node for every client', async (_, lines) => {
    expect(await overHttp1(`${lines}Authorization: Bearer good\r\n\r\n`)).toBe(400)
  })

  it('has 16 KiB of headers, unless the server takes more', async () => {
    const lines = `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${LONG}\r\n\r\n`
    expect(await overHttp1(lines)).toBe(431)
    expect(await overHttp1(lines, { maxHeaderSize: 65_536 })).toBe(200)
  })
})

/** A frame of HTTP/2 (RFC 9113 section 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.set([type, flags], 3)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** What of a request over HTTP/2 with these fields arrives, however odd they are: no client of Node's would send them. */
async function arriving(
  ...fields: readonly (readonly [name: string, value: string])[]
): Promise<readonly string[]> {
  const server = createHttp2Server()
  const seen = new Promise<readonly string[]>((resolve) => {
    server.on('request', ({ rawHeaders }, response) => {
      resolve(rawHeaders)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
    server.close()
  })
  const text = (value: string): Buffer =>
    Buffer.from(`${String.fromCharCode(value.length)}${value}`, 'latin1')
  const basic = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'a'],
  ] as const
  // Each a literal without indexing, and without Huffman's code (RFC 7541 section 6.2.2).
  const block = [...basic, ...fields].flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)])
  const endOfBoth = 0x5
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  socket.write(Buffer.concat([frame(4, 0, 0, Buffer.alloc(0)), frame(1, endOfBoth, 1, Buffer.concat(block))]))
  return (await seen).filter((each, index) => index % 2 === 0 && !each.startsWith(':'))
}

describe('a request over HTTP/2', () => {
  it('loses fields with a control character in the value, or with an invalid name, and nothing tells', async () => {
    const odd = [
      ['impersonate-user', 'ja\x01ne'],
      ['x-remote-user', 'ja\x7fne'],
      ['impersonate user', 'jane'],
    ] as const
    expect(await arriving(['first', 'a'], ...odd, ['last', 'b'])).toEqual(['first', 'last'])
  })

  it('has 128 headers, four of which are its method, path, scheme and host', async () => {
    const authorization = 'Bearer good'
    const others = (count: number): string[] => Array.from({ length: count }, () => 'x')
    expect(await overHttp2({ authorization, b: others(123) })).toBe(200)
    expect(await overHttp2({ authorization, b: others(124) })).toBe('the stream ended')
  })

  it('may have a header of 60,000 characters, and none of 100,000', async () => {
    expect(await overHttp2({ authorization: `Bearer ${LONG}` })).toBe(200)
    expect(await overHttp2({ authorization: `Bearer ${'x'.repeat(100_000)}` })).toBe('the connection ended')
  })
})
