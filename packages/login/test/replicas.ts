import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { authenticatorChain } from '@kube-authn/core'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { closeAtExpiry } from '@kube-authn/core/connections'
import { oidc } from '@kube-authn/core/oidc'
import { revocationList, unlessRevoked } from '@kube-authn/core/revocation'
import { authentication, getAuthentication, getUser } from '@kube-authn/express'
import { storedSessions, webLogin } from '@kube-authn/login'
import { loginRoutes } from '@kube-authn/login/express'
import { impersonatingProxy } from '@kube-authn/proxy'
import { memoryObjectStore } from '@kube-authn/store'
import { fixedClock, type FixedClock } from '@kube-authn/testing'
import express from 'express'
import { onTestFinished } from 'vitest'
import { ORIGIN } from './login-app.ts'
import { type LoginProvider, loginProvider } from './login-provider.ts'
import { keyOf } from './sessions.ts'

/** One of several servers that share a store of sessions. */
export interface Replica {
  readonly port: number
  readonly sessions: ReturnType<typeof storedSessions>
  readonly login: ReturnType<typeof webLogin>
}

/** Two replicas in front of a cluster, whose watches and tunnels never end by themselves. */
export interface Replicas {
  readonly clock: FixedClock
  readonly provider: LoginProvider
  readonly one: Replica
  readonly two: Replica
  readonly revoked: ReturnType<typeof revocationList>
  /** The connections of the cluster that are in use. */
  readonly inUse: ReadonlySet<Duplex>
}

export async function replicas(): Promise<Replicas> {
  const clock = fixedClock()
  const provider = await loginProvider({ clock })
  const store = memoryObjectStore({ clock })
  const revoked = revocationList({ clock })
  const cluster = endlessCluster()
  const upstream = `http://127.0.0.1:${await listening(cluster.server)}`
  const replica = async (): Promise<Replica> => {
    const issuer = provider.issuer.url
    const { fetch } = provider
    const tokens = [oidc({ issuer, audience: 'my-app', clock, fetch, discoverAtOnce: false })]
    const sessions = storedSessions({ store, clock })
    const login = webLogin({
      issuer,
      clientId: 'my-app',
      clientSecret: 'client-secret',
      publicUrl: ORIGIN,
      tokens,
      keys: [keyOf(1)],
      sessions,
      clock,
      fetch,
      log: false,
    })
    const chain = unlessRevoked(revoked, authenticatorChain({ requests: [login.authenticator], tokens }))
    const proxy = impersonatingProxy({
      authenticator: chain,
      impersonation: alwaysAllow(),
      upstream: { server: upstream },
      allowInsecureHttp: true,
      prefix: '/cluster',
      clock,
      log: false,
    })
    onTestFinished(proxy.close)
    const app = express()
    app.use(loginRoutes(login))
    app.use('/cluster', proxy.express())
    app.use(authentication(chain, { log: false }))
    app.get('/events', (req, res) => {
      res.type('text/event-stream').write('data: hello\n\n')
      closeAtExpiry(res, getAuthentication(req), { clock })
    })
    app.get('/', (req, res) => res.send(getUser(req).username))
    const server = createServer(app)
    proxy.attach(server)
    return { port: await listening(server), sessions, login }
  }
  const [one, two] = [await replica(), await replica()]
  return { clock, provider, one, two, revoked, inUse: cluster.inUse }
}

/** A session of a user, as its login would leave it. Returns the `Cookie` header. */
export async function sessionOf(
  { provider, clock }: Pick<Replicas, 'provider' | 'clock'>,
  { sessions }: Pick<Replica, 'sessions'>,
  subject: string,
): Promise<{ readonly cookie: string; readonly digest: string }> {
  const { issuer } = provider
  const idToken = await issuer.sign({ sub: subject, aud: 'my-app' }, { expirationSeconds: 3600 })
  const { session, setCookies } = await sessions.begin({
    provider: 'default',
    idToken,
    expiresAtMs: clock.now() + 3_600_000,
    subject,
    providerSession: `sid-${subject}`,
    username: `${issuer.url}#${subject}`,
  })
  return { cookie: setCookies.map((line) => line.split(';')[0]).join('; '), digest: session.digest }
}

/** A connection on which a response or a tunnel has begun. */
export interface OpenConnection {
  /** What has arrived so far. */
  readonly text: string
  readonly isClosed: boolean
  send(data: string): void
  leave(): void
  /** Resolves with all that has arrived, once the connection is closed, or its response has ended properly. */
  ended(): Promise<string>
}

/** Resolves once it is true. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Sends a request, and resolves once something has arrived beyond the head of the response. */
export async function opened(port: number, request: string): Promise<OpenConnection> {
  const socket: Socket = connect(port, '127.0.0.1')
  let text = ''
  let isClosed = false
  socket.setEncoding('latin1')
  socket.on('error', () => {})
  socket.on('data', (data: string) => (text += data))
  socket.once('close', () => (isClosed = true))
  onTestFinished(() => void socket.destroy())
  socket.write(request)
  await until(() => isClosed || /\r\n\r\n./s.test(text))
  if (isClosed) throw new Error(`closed after ${text}`)
  return {
    get text() {
      return text
    },
    get isClosed() {
      return isClosed
    },
    send: (data) => void socket.write(data),
    leave: () => void socket.destroy(),
    async ended() {
      await until(() => isClosed || text.endsWith('\r\n0\r\n\r\n'))
      return text
    },
  }
}

/** A cluster of which every `GET` is a stream, and every upgrade an echo. */
function endlessCluster(): { readonly server: Server; readonly inUse: ReadonlySet<Duplex> } {
  const inUse = new Set<Duplex>()
  const use = (connection: Duplex): void => {
    inUse.add(connection)
    connection.once('close', () => inUse.delete(connection))
  }
  const server = createServer((message, response) => {
    use(message.socket)
    response.write(`as ${message.headers['impersonate-user']?.toString() ?? ''}\n`)
  })
  server.on('upgrade', (message, socket: Duplex) => {
    use(socket)
    socket.on('error', () => socket.destroy())
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${message.headers.upgrade ?? ''}\r\n\r\nready\n`,
    )
    socket.pipe(socket)
  })
  return { server, inUse }
}

/** Listens until the test is over. Returns the port. */
export async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
