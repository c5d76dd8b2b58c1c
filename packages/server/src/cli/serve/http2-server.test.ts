import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type Http2ServerRequest,
  type IncomingHttpHeaders,
} from 'node:http2'
import { Agent, request as requestHttps } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { incomingMessageRequest } from '@kube-authn/core/adapter'
import { tlsServerOptions } from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { http2Server } from './listen.ts'

const pki = await createPki()
const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })

type Request = Http2ServerRequest | IncomingMessage

interface Started {
  readonly port: number
  readonly requests: readonly Request[]
  readonly session: (options?: object) => Promise<ClientHttp2Session>
}

/** A server whose requests to `/wait` are never answered. */
async function started({ maxStreams = 100, idleMs = 90_000 } = {}): Promise<Started> {
  const server = http2Server(tlsServerOptions({ cert, key }), { maxStreams, idleMs })
  const requests: Request[] = []
  server.on('request', (received: Request, response: { end(text: string): unknown }) => {
    requests.push(received)
    if (received.url !== '/wait') response.end('answered')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  onTestFinished(() => void server.close())
  return {
    port,
    requests,
    async session(options = {}) {
      const made = connect(`https://127.0.0.1:${port}`, { ca: pki.caPem, ...options })
      made.on('error', () => {})
      onTestFinished(() => made.destroy())
      await once(made, 'remoteSettings')
      return made
    },
  }
}

function asked(session: ClientHttp2Session, path: string, headers: object = {}): ClientHttp2Stream {
  const stream = session.request({ ':path': path, ...headers })
  stream.on('error', () => {})
  return stream
}

async function statusOf(stream: ClientHttp2Stream): Promise<number | undefined> {
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }]
  stream.resume()
  return headers[':status']
}

describe('a server of HTTP/2', () => {
  it.each([
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [['http/1.1', 'h2'], 'h2'],
    [undefined, false],
  ])('speaks the protocol of ALPN: %j', async (ALPNProtocols, protocol) => {
    const { port } = await started()
    const options = { port, host: '127.0.0.1', ca: pki.caPem, ...(ALPNProtocols && { ALPNProtocols }) }
    const socket = connectTls(options)
    onTestFinished(() => void socket.destroy())
    await once(socket, 'secureConnect')
    expect(socket.alpnProtocol).toBe(protocol)
  })

  it('answers HTTP/1.1, and keeps its connections', async () => {
    const { port, requests } = await started()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    for (let index = 0; index < 2; index++) {
      const sent = requestHttps({ port, host: '127.0.0.1', ca: pki.caPem, agent }).end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      expect(response.headers['keep-alive']).toBe('timeout=90')
      await once(response.resume(), 'end')
    }
    expect(requests.map(({ httpVersion }) => httpVersion)).toEqual(['1.1', '1.1'])
    expect(requests[0]?.socket).toBe(requests[1]?.socket)
  })

  it('hands out headers line by line, and the certificate of the connection', async () => {
    const { requests, session } = await started()
    const client = await pki.issueClient({ commonName: 'jane' })
    const connected = await session({ cert: client.chainPem, key: client.privateKeyPem })
    const repeated = { 'impersonate-group': ['a, b', 'c'], 'impersonate-user': 'x' }
    expect(await statusOf(asked(connected, '/a?b=c', repeated))).toBe(200)
    const [received] = requests
    if (received === undefined) throw new Error('no request')
    const { headers, method, path, query } = incomingMessageRequest(received)
    expect([method, path, query]).toEqual(['GET', '/a', 'b=c'])
    expect(headers.all('impersonate-group')).toEqual(['a, b', 'c'])
    // Node joins them everywhere else.
    expect(received.headers['impersonate-group']).toBe('a, b, c')
    const socket = received.socket as TLSSocket
    expect(socket.getPeerCertificate().subject.CN).toBe('jane')
  })

  it('announces its limits', async () => {
    const { session } = await started({ maxStreams: 7 })
    expect((await session()).remoteSettings).toMatchObject({
      maxConcurrentStreams: 7,
      maxHeaderListSize: 16_384,
      initialWindowSize: 262_144,
    })
  })

  it('takes more headers than Node does by default, and not more than 16 KiB of them', async () => {
    const { requests, session } = await started()
    const connected = await session()
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x-${index}`, 'v']))
    expect(await statusOf(asked(connected, '/', many))).toBe(200)
    const [received] = requests
    expect(Object.keys(received?.headers ?? {}).filter((name) => name.startsWith('x-'))).toHaveLength(300)
    expect(await statusOf(asked(connected, '/', { 'x-long': 'x'.repeat(15_000) }))).toBe(200)
    const large = asked(connected, '/', { 'x-a': 'x'.repeat(8000), 'x-b': 'x'.repeat(8500) })
    await new Promise((resolve) => large.once('close', resolve))
    expect(large.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    expect(requests).toHaveLength(2)
  })
})

const DATA = 0
const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
const PING = 6
const CONTINUATION = 9
const END_STREAM = 1
const END_HEADERS = 4

interface Frame {
  readonly type: number
  readonly stream: number
  readonly payload: Buffer
}

/** A client without limits. */
interface RawClient {
  send(...frames: readonly Buffer[]): void
  /** The next frame of this type. */
  frame(type: number): Promise<Frame>
  readonly closed: Promise<unknown>
}

function frameOf(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Header fields without compression (RFC 7541 section 6.2.2). */
function fieldsOf(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [
      Buffer.of(0, name.length),
      Buffer.from(name),
      Buffer.of(value.length),
      Buffer.from(value),
    ]),
  )
}

function headersOf(
  stream: number,
  path: string,
  further: readonly (readonly [string, string])[] = [],
  flags = END_STREAM | END_HEADERS,
): Buffer {
  const pseudo = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', path],
    [':authority', 'x'],
  ] as const
  return frameOf(HEADERS, flags, stream, fieldsOf([...pseudo, ...further]))
}

function codeOf({ payload }: Frame): number {
  return payload.readUInt32BE(payload.length >= 8 ? 4 : 0)
}

async function rawClient(port: number): Promise<RawClient> {
  const socket = connectTls({ port, host: '127.0.0.1', ca: pki.caPem, ALPNProtocols: ['h2'] })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  await once(socket, 'secureConnect')
  const frames: Frame[] = []
  let arrived = (): void => {}
  const nextChunk = (): Promise<void> =>
    new Promise((resolve) => {
      arrived = resolve
    })
  let text = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    text = Buffer.concat([text, chunk])
    while (text.length >= 9 && text.length >= 9 + text.readUIntBE(0, 3)) {
      const end = 9 + text.readUIntBE(0, 3)
      frames.push({ type: text.readUInt8(3), stream: text.readUInt32BE(5), payload: text.subarray(9, end) })
      text = text.subarray(end)
    }
    arrived()
  })
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frameOf(SETTINGS, 0, 0)]))
  return {
    closed,
    send: (...sent) => void (socket.writable && socket.write(Buffer.concat(sent))),
    async frame(type) {
      for (;;) {
        const index = frames.findIndex((each) => each.type === type)
        if (index !== -1) return frames.splice(index, 1)[0]!
        await nextChunk()
      }
    },
  }
}

const ids = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => 2 * index + 1)

describe('a client of HTTP/2 that asks for too much', () => {
  it('has further streams refused, and is disconnected if it goes on', async () => {
    const { port, requests } = await started({ maxStreams: 3 })
    const client = await rawClient(port)
    client.send(...ids(4).map((id) => headersOf(id, '/wait')))
    const refused = await client.frame(RST_STREAM)
    expect([refused.stream, codeOf(refused)]).toEqual([7, constants.NGHTTP2_REFUSED_STREAM])
    expect(requests).toHaveLength(3)
    client.send(
      ...ids(300)
        .slice(4)
        .map((id) => headersOf(id, '/wait')),
    )
    await client.closed
    expect(requests).toHaveLength(3)
  })

  it('is disconnected if it resets its streams rapidly', async () => {
    const { port, requests } = await started()
    const client = await rawClient(port)
    const cancel = Buffer.of(0, 0, 0, constants.NGHTTP2_CANCEL)
    client.send(...ids(5000).flatMap((id) => [headersOf(id, '/wait'), frameOf(RST_STREAM, 0, id, cancel)]))
    await client.closed
    expect(requests.length).toBeLessThan(2000)
  })

  it('is disconnected if the headers of a request do not end', async () => {
    const { port, requests } = await started()
    const client = await rawClient(port)
    const more = frameOf(CONTINUATION, 0, 1, fieldsOf([['x-a', 'x'.repeat(100)]]))
    client.send(headersOf(1, '/', [], END_STREAM), ...Array.from({ length: 5000 }, () => more))
    await client.closed
    expect(requests).toHaveLength(0)
  })

  it('is disconnected after many frames that break the protocol', async () => {
    const { port, requests } = await started()
    const client = await rawClient(port)
    client.send(...ids(500).map((id) => headersOf(id, '/', [['X-Upper', 'a']])))
    await client.closed
    expect(requests).toHaveLength(0)
  })

  it.each<[string, Buffer]>([
    ['pings', frameOf(PING, 0, 0, Buffer.alloc(8))],
    ['settings', frameOf(SETTINGS, 0, 0, Buffer.from([0, 3, 0, 0, 0, 1]))],
    ['empty data', frameOf(DATA, 0, 1)],
  ])('does not keep others from being answered: %s', async (_, frame) => {
    const { port, session } = await started()
    const client = await rawClient(port)
    client.send(headersOf(1, '/wait', [], END_HEADERS))
    const flood = Buffer.concat(Array.from({ length: 2000 }, () => frame))
    for (let index = 0; index < 20; index++) client.send(flood)
    expect(await statusOf(asked(await session(), '/'))).toBe(200)
  })

  it.each<[string, readonly (readonly [string, string])[]]>([
    ['connection', [['connection', 'close']]],
    ['transfer-encoding', [['transfer-encoding', 'chunked']]],
    ['upgrade', [['upgrade', 'websocket']]],
    ['an unknown pseudo-header', [[':user', 'x']]],
    ['a pseudo-header twice', [[':path', '/other']]],
    ['a capital in a name', [['Impersonate-User', 'x']]],
  ])('gets a stream error for %s, and its other requests are answered', async (_, fields) => {
    const { port, requests } = await started()
    const client = await rawClient(port)
    client.send(headersOf(1, '/', fields), headersOf(3, '/'))
    const reset = await client.frame(RST_STREAM)
    expect([reset.stream, codeOf(reset)]).toEqual([1, constants.NGHTTP2_PROTOCOL_ERROR])
    expect((await client.frame(HEADERS)).stream).toBe(3)
    expect(requests).toHaveLength(1)
  })
})

it('a connection without requests is closed after some time, and one with a request is not', async () => {
  const { requests, session } = await started({ idleMs: 100 })
  const busy = await session()
  const waiting = asked(busy, '/wait')
  while (requests.length === 0) await nextTurn()
  const idle = await session()
  await once(idle, 'close')
  // It has been silent for longer.
  expect([busy.closed, waiting.closed]).toEqual([false, false])
  waiting.close()
  await once(busy, 'close')
})

it('a field with a control character is lost silently, so that HTTP/2 has to be asked for', async () => {
  const { port, requests } = await started()
  const client = await rawClient(port)
  client.send(
    headersOf(1, '/', [
      ['impersonate-user', 'ja\u0001ne'],
      ['x-other', 'a'],
    ]),
  )
  await client.frame(HEADERS)
  expect(requests[0]?.rawHeaders).toContain('x-other')
  expect(requests[0]?.rawHeaders).not.toContain('impersonate-user')
})

it('HTTP/1.1 of the same server refuses it', async () => {
  const { port, requests } = await started()
  const socket = connectTls({ port, host: '127.0.0.1', ca: pki.caPem, ALPNProtocols: ['http/1.1'] })
  onTestFinished(() => void socket.destroy())
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nImpersonate-User: ja\u0001ne\r\n\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /)
  expect(requests).toHaveLength(0)
})
