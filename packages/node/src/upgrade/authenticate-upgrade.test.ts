import { EventEmitter, once } from 'node:events'
import { createServer, IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, Socket } from 'node:net'
import { Duplex } from 'node:stream'
import {
  type AuthenticationEvent,
  type Authenticator,
  authenticatorChain,
  ConfigurationError,
  type LogEntry,
  type TokenAuthenticator,
  userInfo,
} from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { auditLog } from '@kube-authn/audit'
import { allow, type Authorizer, deny } from '@kube-authn/core/authorization'
import { closeAtExpiry } from '@kube-authn/core/connections'
import { authenticationOf, authenticationShape } from '@kube-authn/core/internal'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type AuthenticatedUpgrade, authenticateUpgrade } from '../index.ts'

type Options = NonNullable<Parameters<typeof authenticateUpgrade>[3]>

const NOW = 1_700_000_000_000

/** Tokens `NAME` of users; `NAME-SECONDS` expires after this time. */
const tokens: TokenAuthenticator = {
  name: 'tokens',
  authenticateToken(token) {
    const [, username, seconds] = /^(jane|deputy)(?:-(\d+))?$/.exec(token) ?? []
    if (username === undefined) return undefined
    return {
      user: userInfo({ username }),
      ...(seconds !== undefined && { expiresAtMs: NOW + Number(seconds) * 1000 }),
    }
  },
}
const chain = authenticatorChain({ tokens: [tokens] })

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const open = new Set<Socket>()
  server.on('connection', (socket) => open.add(socket))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

interface Running {
  readonly clock: ReturnType<typeof fixedClock>
  readonly upgrades: AuthenticatedUpgrade[]
  readonly open: (headers?: Record<string, string>, protocols?: readonly string[]) => WebSocket
  readonly port: number
  readonly server: Server
}

/** An app that echoes who is connected, and closes connections by `closeAtExpiry`. */
async function app(options: Options = {}, authenticator: Authenticator = chain): Promise<Running> {
  const clock = fixedClock(NOW)
  const sockets = new WebSocketServer({ noServer: true })
  const server = createServer()
  const upgrades: AuthenticatedUpgrade[] = []
  authenticateUpgrade(
    server,
    authenticator,
    (upgrade) => {
      upgrades.push(upgrade)
      sockets.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (webSocket) => {
        closeAtExpiry(webSocket, upgrade.authentication, { clock })
        webSocket.send(upgrade.user.username)
      })
    },
    { clock, ...options },
  )
  const port = await listening(server)
  const open: Running['open'] = (headers = {}, protocols = []) => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}/path`, [...protocols], { headers })
    webSocket.on('error', () => undefined)
    return webSocket
  }
  return { clock, upgrades, open, port, server }
}

async function messageFrom(webSocket: WebSocket): Promise<string> {
  const [data] = (await once(webSocket, 'message')) as [Buffer]
  return data.toString()
}

async function refusalOf(webSocket: WebSocket): Promise<{ status: number; headers: object; body: string }> {
  const [, response] = (await once(webSocket, 'unexpected-response')) as [unknown, IncomingMessage]
  let body = ''
  for await (const data of response) body += String(data)
  return { status: response.statusCode ?? 0, headers: response.headers, body }
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const subprotocol = (token: string): string =>
  `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`

describe('authenticateUpgrade', () => {
  it('refuses what a browser sends by itself for a page of another site, unless its origin is trusted', async () => {
    const passwords = [
      { name: 'passwords', authenticatePassword: () => ({ user: userInfo({ username: 'jane' }) }) },
    ]
    const trustedOrigins = ['https://console.example.com']
    const { open, port } = await app(
      { log: false },
      authenticatorChain({ passwords, tokens: [tokens], trustedOrigins }),
    )
    const basic = { authorization: `Basic ${btoa('jane:secret')}` }
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: `http://127.0.0.1:${port}` },
      { origin: 'null' },
    ]) {
      expect(await refusalOf(open({ ...basic, ...headers }))).toMatchObject({ status: 403 })
      expect(await messageFrom(open({ ...bearer('jane'), ...headers }))).toBe('jane')
    }
    for (const headers of [
      {},
      { 'sec-fetch-site': 'same-origin' },
      { origin: `http://127.0.0.1:${port}` },
      { origin: 'https://console.example.com', 'sec-fetch-site': 'cross-site' },
    ]) {
      expect(await messageFrom(open({ ...basic, ...headers }))).toBe('jane')
    }
  })

  it('accepts a token in the header, and removes it from the request', async () => {
    const { open, upgrades } = await app()
    expect(await messageFrom(open(bearer('jane')))).toBe('jane')
    expect(upgrades[0]?.request.headers).not.toHaveProperty('authorization')
    expect(upgrades[0]?.request.rawHeaders.join()).not.toContain('Bearer')
  })

  it('accepts a token as a subprotocol, and selects another one', async () => {
    const { open, upgrades } = await app()
    const webSocket = open({}, [subprotocol('jane'), 'chat'])
    expect(await messageFrom(webSocket)).toBe('jane')
    expect(webSocket.protocol).toBe('chat')
    expect(upgrades[0]?.request.headers['sec-websocket-protocol']).toBe('chat')
  })

  it.each([
    ['no credential', {}, [], 'Bearer realm="here"'],
    ['a wrong token', bearer('bad'), [], 'Bearer realm="here", error="invalid_token"'],
    ['a wrong token as a subprotocol', {}, [subprotocol('bad'), 'chat'], 'Bearer realm="here"'],
    ['no other subprotocol', {}, [subprotocol('jane')], 'Bearer realm="here"'],
  ])('answers %s with a 401', async (_, headers, protocols, challenge) => {
    const { open, upgrades, port, server } = await app({ realm: 'here' })
    const webSocket = open(headers, protocols)
    const refusal = await refusalOf(webSocket)
    expect(refusal).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': challenge, 'content-type': 'application/json', connection: 'close' },
    })
    expect(JSON.parse(refusal.body)).toMatchObject({ kind: 'Status', reason: 'Unauthorized', code: 401 })
    expect(upgrades).toEqual([])
    // The connection is closed.
    await vi.waitFor(async () => {
      const count = await new Promise(
        (resolve) => void server.getConnections((_error, found) => resolve(found)),
      )
      expect([port > 0, count]).toEqual([true, 0])
    })
  })

  it('closes a WebSocket with the code 4401 when its credential expires', async () => {
    const { open, clock, upgrades } = await app()
    const webSocket = open(bearer('jane-60'))
    await messageFrom(webSocket)
    clock.advance(59_999)
    expect(upgrades[0]?.signal.aborted).toBe(false)
    const closed = once(webSocket, 'close')
    clock.advance(1)
    const [code, reason] = (await closed) as [number, Buffer]
    expect([code, reason.toString()]).toEqual([4401, 'credential expired'])
    expect(upgrades[0]?.signal.reason).toMatchObject({ message: 'the credential has expired' })
  })

  it('destroys a connection that the app does not close, after a time', async () => {
    const server = createServer()
    const clock = fixedClock(NOW)
    let accepted: AuthenticatedUpgrade | undefined
    authenticateUpgrade(
      server,
      chain,
      (upgrade) => {
        accepted = upgrade
        upgrade.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n')
      },
      { clock, maxConnectionSeconds: 60, closeTimeoutSeconds: 5 },
    )
    const socket = connect(await listening(server), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\nAuthorization: Bearer jane\r\n\r\n',
    )
    await once(socket, 'data')
    clock.advance(64_999)
    expect(accepted?.signal.aborted).toBe(true)
    expect(accepted?.socket.destroyed).toBe(false)
    clock.advance(1)
    expect(accepted?.socket.destroyed).toBe(true)
    await once(socket, 'close')
  })

  it('keeps no timer of a connection that was closed', async () => {
    const { open, clock, upgrades } = await app()
    const webSocket = open(bearer('jane-60'))
    await messageFrom(webSocket)
    const closed = once(upgrades[0]?.socket ?? webSocket, 'close')
    webSocket.close()
    await closed
    clock.advance(60_000)
    expect(upgrades[0]?.signal.aborted).toBe(false)
  })

  it('lets users act as others if the authorizer allows it, and otherwise answers 403', async () => {
    const impersonation: Authorizer = {
      name: 'impersonators',
      authorize: ({ user }) => (user.username === 'deputy' ? allow() : deny('no deputy')),
    }
    const asJane = { 'impersonate-user': 'superman' }
    const { open, upgrades } = await app({ impersonation })
    expect(await messageFrom(open({ ...bearer('deputy-60'), ...asJane }))).toBe('superman')
    expect(upgrades[0]?.authentication).toMatchObject({
      requester: { username: 'deputy' },
      expiresAtMs: NOW + 60_000,
    })
    expect(upgrades[0]?.request.headers).not.toHaveProperty('impersonate-user')
    expect(await refusalOf(open({ ...bearer('jane'), ...asJane }))).toMatchObject({ status: 403 })
    const { open: openElsewhere } = await app()
    expect(await refusalOf(openElsewhere({ ...bearer('deputy'), ...asJane }))).toMatchObject({ status: 403 })
  })

  it('asks an authorizer about the user and the attributes', async () => {
    const asked = vi.fn<Authorizer['authorize']>(({ user }) =>
      user.username === 'jane' ? allow() : deny('no'),
    )
    const authorization: Authorizer = { name: 'one', authorize: asked }
    const { open } = await app({ authorization })
    expect(await messageFrom(open(bearer('jane')))).toBe('jane')
    expect(asked.mock.calls[0]?.[0]).toMatchObject({ verb: 'get', path: '/path' })
    const refusal = await refusalOf(open(bearer('deputy')))
    expect(refusal.status).toBe(403)
    expect(refusal.body).toContain('cannot get path')
    const attributes = (): { verb: string; resource: string } => ({ verb: 'watch', resource: 'chats' })
    const { open: openOther } = await app({ authorization, attributes })
    await messageFrom(openOther(bearer('jane')))
    expect(asked.mock.lastCall?.[0]).toMatchObject({ verb: 'watch', resource: 'chats' })
  })

  it('leaves other upgrades to other listeners, and stops listening', async () => {
    const server = createServer()
    const stop = authenticateUpgrade(server, chain, () => undefined, {
      handles: ({ url }) => url === '/mine',
    })
    server.on('upgrade', ({ url }, socket) => {
      if (url !== '/mine') socket.end('HTTP/1.1 418 Other\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    })
    const port = await listening(server)
    const statusAt = async (path: string): Promise<number> => {
      const webSocket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
      webSocket.on('error', () => undefined)
      return (await refusalOf(webSocket)).status
    }
    expect(await statusAt('/mine')).toBe(401)
    expect(await statusAt('/other')).toBe(418)
    stop()
    expect(server.listenerCount('upgrade')).toBe(1)
  })

  it('closes the connection if the app cannot take it, reports the error, and goes on', async () => {
    const errors: unknown[] = []
    for (const accept of [
      () => {
        throw new Error('broken')
      },
      () => Promise.reject(new Error('broken')),
    ]) {
      const server = createServer()
      authenticateUpgrade(server, chain, accept, { onError: (error) => errors.push(error) })
      const webSocket = new WebSocket(`ws://127.0.0.1:${await listening(server)}`, {
        headers: bearer('jane'),
      })
      const [error] = (await once(webSocket, 'error')) as [Error]
      expect(error.message).toBe('socket hang up')
    }
    expect(errors).toMatchObject([{ message: 'broken' }, { message: 'broken' }])
  })

  it('closes the connection of a request that `handles` cannot read, and the server goes on', async () => {
    const errors: unknown[] = []
    const handles = ({ url }: IncomingMessage): boolean => new URL(url ?? '', 'http://app').pathname === '/'
    const { port } = await app({ handles, onError: (error) => errors.push(error) })
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('GET // HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await once(socket, 'close')
    expect(errors).toMatchObject([{ code: 'ERR_INVALID_URL' }])
    expect(
      await refusalOf(new WebSocket(`ws://127.0.0.1:${port}/`).on('error', () => undefined)),
    ).toMatchObject({
      status: 401,
    })
  })

  it('goes on whatever the headers of a request do when they are read', async () => {
    const errors: unknown[] = []
    const broken = new TypeError('dest[field].push is not a function')
    let unreadable = 'headersDistinct'
    const handles = (message: IncomingMessage): boolean => {
      const get = (): never => {
        throw broken
      }
      Object.defineProperty(message, unreadable, { get, configurable: true })
      return true
    }
    const { open } = await app({ handles, onError: (error) => errors.push(error) })
    expect(await refusalOf(open(bearer('wrong')))).toMatchObject({ status: 401 })
    expect(errors).toEqual([])
    unreadable = 'rawHeaders'
    await once(open(bearer('jane')), 'error')
    expect(errors).toEqual([broken])
  })

  it('destroys a refused connection whose client never reads the answer', async () => {
    const server = new EventEmitter()
    const clock = fixedClock(NOW)
    authenticateUpgrade(server, chain, () => undefined, { clock, closeTimeoutSeconds: 5 })
    const stalled = new Duplex({ read: () => undefined, write: () => undefined })
    const message = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/' })
    server.emit('upgrade', message, stalled, Buffer.alloc(0))
    await vi.waitFor(() => expect(stalled.writableEnded).toBe(true))
    clock.advance(4999)
    expect(stalled.destroyed).toBe(false)
    clock.advance(1)
    expect(stalled.destroyed).toBe(true)
  })

  it('logs refusals of all three to the log of the option, or to that of the authenticator', async () => {
    const none: Authorizer = { name: 'none', authorize: () => deny('no') }
    const asOther = { ...bearer('jane'), 'impersonate-user': 'other' }
    const lines: string[] = []
    const log = ({ status, refusedBy }: LogEntry): unknown => lines.push(`${status} ${refusedBy?.join()}`)
    for (const [options, authenticator] of [
      [{ log }, chain],
      [{}, { ...chain, log }],
    ] as const) {
      const { open } = await app({ ...options, authorization: none, impersonation: none }, authenticator)
      for (const headers of [bearer('bad'), bearer('jane'), asOther]) await refusalOf(open(headers))
    }
    await vi.waitFor(() => expect(lines).toHaveLength(6))
    expect(lines.filter((line) => line === '403 authorization')).toHaveLength(2)
    expect(lines.filter((line) => line === '403 impersonation')).toHaveLength(2)
  })

  it('does not accept a connection whose client disconnected meanwhile', async () => {
    const events: AuthenticationEvent[] = []
    let decide: (() => void) | undefined
    let aborted: AbortSignal | undefined
    const waiting: Authenticator = {
      name: 'waiting',
      async authenticate(_request, { signal }) {
        aborted = signal
        await new Promise<void>((resolve) => (decide = resolve))
        return { user: userInfo({ username: 'jane' }) }
      },
    }
    const { open, upgrades } = await app({ observer: (event) => events.push(event) }, waiting)
    const webSocket = open()
    await vi.waitFor(() => expect(decide).toBeDefined())
    webSocket.terminate()
    await vi.waitFor(() => expect(aborted?.aborted).toBe(true))
    decide?.()
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: 'response', status: 499 }))
    expect(upgrades).toEqual([])
  })

  it('is in the audit log, with the id of a refusal in its response', async () => {
    const written: unknown[] = []
    const log = auditLog({
      write: ({ stage, responseStatus, auditID }) => written.push([stage, responseStatus?.code, auditID]),
    })
    const { open, upgrades } = await app({ observer: log })
    const refusal = await refusalOf(open({ 'audit-id': 'of-refusal' }))
    expect(refusal.headers).toMatchObject({ 'audit-id': 'of-refusal' })
    const webSocket = open({ ...bearer('jane'), 'audit-id': 'of-jane' })
    await messageFrom(webSocket)
    webSocket.close()
    expect(upgrades.map(({ auditId }) => auditId)).toEqual(['of-jane'])
    await vi.waitFor(() => expect(written).toHaveLength(3))
    expect(written).toEqual([
      ['ResponseStarted', 401, 'of-refusal'],
      ['RequestReceived', undefined, 'of-jane'],
      ['ResponseComplete', 101, 'of-jane'],
    ])
  })

  it('leaves a connection open of which the client has ended its direction only', async () => {
    const server = createServer()
    authenticateUpgrade(server, chain, ({ socket }) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\n')
      socket.once('end', () => socket.end('last words')).resume()
    })
    const client = connect({ port: await listening(server), host: '127.0.0.1', allowHalfOpen: true })
    const authorization = 'Authorization: Bearer jane'
    client.write(
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: own\r\n${authorization}\r\n\r\n`,
    )
    client.setEncoding('latin1')
    let received = ''
    client.on('data', (text: string) => {
      if (received === '') client.end()
      received += text
    })
    await once(client, 'close')
    expect(received).toMatch(/^HTTP\/1\.1 101 [^]*last words$/)
  })

  it('refuses an upgrade of which headers are missing', async () => {
    const { open } = await app()
    const webSocket = open(Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`b${index}`, ''])))
    expect(await refusalOf(webSocket)).toMatchObject({ status: 431 })
  })

  it.each([
    ['limit that says no', { limit: () => false }, 429],
    ['limit that says something else', { limit: () => 1 as never }, 429],
    ['limit that throws', { limit: () => Promise.reject(new Error('secret')) }, 500],
    [
      'limit with an answer of its own',
      {
        limit() {
          throw new StatusError({ status: 418, reason: 'Teapot', message: 'no' })
        },
      },
      418,
    ],
    ['guard that says no', { guard: () => Promise.resolve(false) }, 403],
    ['guard that says nothing', { guard: () => undefined as never }, 403],
    ['guard that throws', { guard: () => Promise.reject(new Error('secret')) }, 500],
  ])('a %s refuses it', async (_, options, status) => {
    const { open, upgrades } = await app(options)
    const refused = await refusalOf(open(bearer('jane')))
    expect(refused.status).toBe(status)
    expect(refused.body).not.toContain('secret')
    expect(upgrades).toEqual([])
  })

  it('asks the limit before the credential, and the guard about the user, with the headers as they came', async () => {
    const asked: unknown[] = []
    const { open } = await app({
      limit: ({ headers }) => asked.push(headers.authorization) > 0,
      guard: ({ headers }, { user }) => asked.push([headers.authorization, user.username]) > 0,
    })
    expect((await refusalOf(open(bearer('wrong')))).status).toBe(401)
    expect(await messageFrom(open(bearer('jane')))).toBe('jane')
    expect(asked).toEqual(['Bearer wrong', 'Bearer jane', ['Bearer jane', 'jane']])
  })

  it('warns at the start if it has neither authorization nor guard, or less than authentication has', async () => {
    const codesOf = async (
      options: Options,
      prepare: (own: Authenticator) => void = () => {},
    ): Promise<readonly unknown[]> => {
      const codes: unknown[] = []
      const log = (entry: LogEntry): void => {
        if (entry.type === 'notice') codes.push(entry.code)
      }
      const own = authenticatorChain({ tokens: [tokens] })
      authenticateUpgrade(createServer(), own, () => undefined, { log, ...options })
      prepare(own)
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      return codes
    }
    const observed = (own: Authenticator): void =>
      void authenticationOf(own, authenticationShape, { observer: () => {} })
    await vi.waitFor(async () => expect(await codesOf({})).toEqual(['KUBE_AUTHN_OPEN_UPGRADES']))
    expect(await codesOf({ guard: () => true })).toEqual([])
    expect(await codesOf({ guard: () => true }, observed)).toEqual(['KUBE_AUTHN_UPGRADES_LACK'])
    expect(await codesOf({ guard: () => true, observer: () => {} }, observed)).toEqual([])
  })

  it('without another listener, an upgrade that is not handled is a 404', async () => {
    const { open, server } = await app({ handles: () => false })
    expect(await refusalOf(open(bearer('jane')))).toMatchObject({ status: 404 })
    server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 418 Mine\r\nContent-Length: 0\r\n\r\n'))
    expect(await refusalOf(open(bearer('jane')))).toMatchObject({ status: 418 })
  })

  it('refuses arguments that cannot work', () => {
    const server = createServer()
    for (const given of [
      [{}, chain, () => undefined],
      [server, tokens, () => undefined],
      [server, chain, undefined],
      [server, chain, () => undefined, { closeTimeoutSeconds: 0 }],
      [server, chain, () => undefined, { authorization: {} }],
      [server, chain, () => undefined, { closeUnauthenticatedHttp2: true }],
    ]) {
      const wrong = given as unknown as Parameters<typeof authenticateUpgrade>
      expect(() => authenticateUpgrade(...wrong)).toThrow(ConfigurationError)
    }
    expect(server.listenerCount('upgrade')).toBe(0)
  })
})
