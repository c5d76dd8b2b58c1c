import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Authentication } from '@kube-authn/core'
import { userInfo } from '@kube-authn/core'
import { alwaysDeny } from '@kube-authn/core/authorization'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import {
  exchange,
  jane,
  onUpgrade,
  proxyTo,
  type RunningUpstream,
  until,
  upstreamServer,
  valuesOf,
} from '../../test/servers.ts'

const AUDIT_ID = /\r\naudit-id: [\da-f-]{36}\r\n/i
const TOKEN = 'base64url.bearer.authorization.k8s.io.c2VjcmV0'
const EXEC = '/api/v1/namespaces/a/pods/b/exec?command=sh'
const SPDY = `POST ${EXEC} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\nContent-Length: 0\r\n`
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n'

/** An upstream that switches to SPDY, and gives the connection to the test. */
async function spdyUpstream(
  isHalfOpen = false,
): Promise<RunningUpstream & { readonly opened: Duplex[]; readonly heads: Buffer[] }> {
  const upstream = await upstreamServer()
  const opened: Duplex[] = []
  const heads: Buffer[] = []
  onUpgrade(upstream, (_, socket, head) => {
    socket.allowHalfOpen = isHalfOpen
    // So that its end is noticed.
    if (!isHalfOpen) socket.once('end', () => socket.destroy())
    socket.write(SWITCHED)
    opened.push(socket)
    heads.push(head)
  })
  return { ...upstream, opened, heads }
}

/** A client that has switched. */
async function switched(
  port: number,
  after = '',
  allowHalfOpen = false,
): Promise<{ readonly socket: Socket; readonly head: string }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen })
  socket.on('error', () => {})
  socket.write(`${SPDY}\r\n${after}`)
  const [head] = (await once(socket, 'data')) as [Buffer]
  return { socket, head: head.toString('latin1') }
}

async function read(socket: Duplex): Promise<string> {
  const [data] = (await once(socket, 'data')) as [Buffer]
  return data.toString('latin1')
}

describe('upgrades', () => {
  it('a WebSocket is forwarded as the user, without the token among its subprotocols', async () => {
    const upstream = await upstreamServer()
    const sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (all) => [...all].at(-1) ?? false,
    })
    onUpgrade(upstream, (message, socket, head) =>
      sockets.handleUpgrade(message, socket, head, (webSocket) => {
        webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }))
        webSocket.on('close', (code) => closed.push(code))
      }),
    )
    const closed: number[] = []
    const { port } = await proxyTo(upstream)
    const client = new WebSocket(`ws://127.0.0.1:${port}${EXEC}`, [TOKEN, 'v5.channel.k8s.io'], {
      headers: { cookie: 'session=1', 'x-remote-user': 'root' },
    })
    await once(client, 'open')
    expect(client.protocol).toBe('v5.channel.k8s.io')
    const large = Buffer.alloc(3_000_000, 'x')
    client.send(large)
    const [echo] = (await once(client, 'message')) as [Buffer]
    expect(echo.equals(large)).toBe(true)
    client.close(4000)
    await once(client, 'close')
    await until(() => closed.length === 1)
    expect(closed).toEqual([4000])
    const [{ url, rawHeaders } = {}] = upstream.received
    expect(url).toBe(EXEC)
    expect(valuesOf(rawHeaders, 'impersonate-user')).toEqual(['jane'])
    expect(valuesOf(rawHeaders, 'impersonate-group')).toEqual(['dev', 'ops, with comma'])
    expect(valuesOf(rawHeaders, 'authorization')).toEqual(['Bearer own-token'])
    expect(valuesOf(rawHeaders, 'sec-websocket-protocol')).toEqual(['v5.channel.k8s.io'])
    expect(valuesOf(rawHeaders, 'connection')).toEqual(['Upgrade'])
    expect([...valuesOf(rawHeaders, 'cookie'), ...valuesOf(rawHeaders, 'x-remote-user')]).toEqual([])
  })

  it('SPDY is forwarded, with what was sent before either side knew of the switch', async () => {
    const upstream = await spdyUpstream()
    const { port } = await proxyTo(upstream)
    const { socket, head } = await switched(port, 'early')
    expect(head).toMatch(
      /^HTTP\/1\.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY\/3\.1\r\n/,
    )
    expect(head).toContain('X-Stream-Protocol-Version: v4.channel.k8s.io\r\n')
    expect(head).toMatch(/\r\nAudit-ID: [\da-f-]{36}\r\n\r\n$/)
    const [server] = upstream.opened
    if (server === undefined) throw new Error('no upgrade')
    await until(() => upstream.heads.some((each) => each.length > 0) || server.readableLength > 0)
    const [head0 = Buffer.alloc(0)] = upstream.heads
    expect(head0.length > 0 ? String(head0) : await read(server)).toBe('early')
    server.write('from the server')
    expect(await read(socket)).toBe('from the server')
    socket.write('from the client')
    expect(await read(server)).toBe('from the client')
    socket.destroy()
    await until(() => server.destroyed)
  })

  it('one direction may end before the other', async () => {
    const upstream = await spdyUpstream(true)
    const { port } = await proxyTo(upstream)
    const { socket } = await switched(port, '', true)
    const [server] = upstream.opened
    if (server === undefined) throw new Error('no upgrade')
    server.resume()
    socket.end('last words')
    await once(server, 'end')
    server.write('answer')
    expect(await read(socket)).toBe('answer')
    server.end()
    await once(socket.resume(), 'end')
  })

  it('a broken connection breaks the other one', async () => {
    const upstream = await spdyUpstream()
    const { port } = await proxyTo(upstream)
    const first = await switched(port)
    first.socket.resume()
    upstream.opened[0]?.destroy()
    await until(() => first.socket.destroyed)
    const second = await switched(port)
    upstream.opened[1]?.resume()
    second.socket.resetAndDestroy()
    await until(() => upstream.opened[1]?.destroyed === true)
    expect(upstream.received).toHaveLength(2)
  })

  it.each([
    [
      'h2c',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
    ],
    ['TLS', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n'],
    ['two protocols', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n'],
    [
      'two headers',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n',
    ],
    [
      'a body',
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 5\r\n',
    ],
    [
      'a chunked body',
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nTransfer-Encoding: chunked\r\n',
    ],
    ['another method', 'PUT / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'],
    [
      'another host',
      'GET http://other.example.com/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n',
    ],
    ['dot segments', 'GET /a/..%2f/b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'],
  ])('%s is refused, with what follows', async (_, request) => {
    const upstream = await spdyUpstream()
    const { port } = await proxyTo(upstream)
    const answer = await exchange(port, `${request}\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(answer).toMatch(AUDIT_ID)
    expect(upstream.received).toEqual([])
  })

  it('an upstream that does not switch gets nothing of what follows, and its answer reaches the client', async () => {
    const upstream = await upstreamServer((_, response) => {
      response
        .writeHead(400, { 'Content-Type': 'application/json', 'Set-Cookie': 'a=b' })
        .end('{"kind":"Status"}')
    })
    const { port } = await proxyTo(upstream)
    const answer = await exchange(port, `${SPDY}\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('Connection: close')
    expect(answer).toContain('{"kind":"Status"}')
    const [sent = ''] = valuesOf(upstream.received[0]?.rawHeaders, 'audit-id')
    expect(answer.match(/^audit-id: .*/gim)).toEqual([`Audit-ID: ${sent}`])
    expect(answer).not.toMatch(/set-cookie/i)
    expect(upstream.received.map(({ url }) => url)).toEqual([EXEC])
  })

  it.each([
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
    ['no protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n'],
    ['no HTTP', 'hello\r\n\r\n'],
    ['nothing', ''],
  ])('an upstream that switches to %s is a 502', async (_, head) => {
    const upstream = await upstreamServer()
    onUpgrade(upstream, (_message, socket) => socket.end(head))
    const { port } = await proxyTo(upstream)
    const answer = await exchange(port, `${SPDY}\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 502 /)
    expect(answer).toContain('"kind":"Status"')
    expect(answer).toMatch(AUDIT_ID)
  })

  it.each([
    [{}, { user: userInfo({ username: 'root', groups: ['system:masters'] }) }, 403],
    [{}, { user: userInfo({ username: 'a\nb' }) }, 403],
    [{}, { user: userInfo({ username: 'system:anonymous' }) }, 401],
    [{ authorization: alwaysDeny() }, jane, 403],
    [{ mode: 'token', userToken: () => undefined }, jane, 401],
    [{ upstream: undefined, credentials: () => Promise.reject(new Error('none')) }, jane, 502],
  ] as const)('is refused as a request is: %j', async (options, authentication, status) => {
    const upstream = await spdyUpstream()
    const { upstream: _, ...rest } = { upstream: undefined, ...options }
    const { port } = await proxyTo(upstream, rest, authentication)
    const answer = await exchange(port, `${SPDY}Audit-ID: of-client\r\n\r\n`)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer.match(/^audit-id: .*/gim)).toEqual(['audit-id: of-client'])
    expect(upstream.received).toEqual([])
  })

  it.each(['Impersonate-User: root', 'Connection: Upgrade, Impersonate-User\r\nImpersonate-User: root'])(
    'with %j it is refused',
    async (header) => {
      const upstream = await spdyUpstream()
      const { port } = await proxyTo(upstream)
      expect(await exchange(port, `${SPDY}${header}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 403 /)
      expect(upstream.received).toEqual([])
    },
  )

  it('ends with the credential, on both sides', async () => {
    const clock = fixedClock(0)
    const upstream = await spdyUpstream()
    const authentication: Authentication = { ...jane, expiresAtMs: 1000 }
    const { port } = await proxyTo(upstream, { clock }, authentication)
    const { socket } = await switched(port)
    socket.resume()
    upstream.opened[0]?.resume()
    clock.advance(999)
    await new Promise((resolve) => setImmediate(resolve))
    expect(socket.destroyed).toBe(false)
    clock.advance(1)
    await until(() => socket.destroyed && upstream.opened[0]?.destroyed === true)
  })

  it('a client that leaves while the upstream thinks ends the request', async () => {
    let closed = 0
    const upstream = await upstreamServer()
    onUpgrade(upstream, (_, socket) => void socket.resume().once('close', () => closed++))
    const { port } = await proxyTo(upstream)
    const socket = connect(port, '127.0.0.1')
    socket.write(`${SPDY}\r\n`)
    await until(() => upstream.received.length === 1)
    expect(closed).toBe(0)
    socket.destroy()
    await until(() => closed === 1)
  })

  it('an upstream that does not answer in time is a 504', async () => {
    const clock = fixedClock(0)
    const upstream = await upstreamServer()
    onUpgrade(upstream, (_, socket) => void socket.resume())
    const { port } = await proxyTo(upstream, { clock, responseTimeoutSeconds: 7 })
    const answered = exchange(port, `${SPDY}\r\n`)
    await until(() => upstream.received.length === 1)
    clock.advance(7000)
    expect(await answered).toMatch(/^HTTP\/1\.1 504 [^]*\r\naudit-id: [\da-f-]{36}\r\n/)
  })
})
