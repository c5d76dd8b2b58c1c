import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type Authentication,
  type AuthenticationRequest,
  type Authenticator,
  userInfo,
} from '@kube-authn/core'
import { createPki, type IssuedCredential } from '@kube-authn/testing'
import { onTestFinished } from 'vitest'
import { impersonatingProxy, type ImpersonatingProxy, type ImpersonatingProxyOptions } from '../src/index.ts'

/** What an upstream received. */
export interface Received {
  readonly method: string
  readonly url: string
  /** Flat, as sent. */
  readonly rawHeaders: readonly string[]
  readonly message: IncomingMessage
}

/** A server that is stopped when its test is over. */
export interface RunningUpstream {
  readonly server: Server
  readonly url: string
  readonly port: number
  readonly ca: string
  readonly received: Received[]
  /** All open connections. */
  readonly sockets: ReadonlySet<Socket>
}

let material: Promise<{ readonly ca: string; readonly credential: IssuedCredential }> | undefined

/** A CA and a certificate for 127.0.0.1, made once. */
function tlsMaterial(): NonNullable<typeof material> {
  material ??= createPki().then(async (pki) => ({
    ca: pki.caPem,
    credential: await pki.issueServer({ hosts: ['127.0.0.1', 'localhost'] }),
  }))
  return material
}

/** An API server over TLS, which answers as the listener says, and by `ok` without one. */
export async function upstreamServer(
  listener: RequestListener = (_, response) => response.end('ok'),
  port = 0,
): Promise<RunningUpstream> {
  const { ca, credential } = await tlsMaterial()
  const server = createHttpsServer({
    cert: credential.chainPem,
    key: credential.privateKeyPem,
    maxHeaderSize: 1e6,
  })
  server.maxHeadersCount = 0
  const received: Received[] = []
  server.on('request', (message, response) => {
    const { method = '', url = '', rawHeaders } = message
    received.push({ method, url, rawHeaders: [...rawHeaders], message })
    // As API servers do.
    response.setHeader('Audit-ID', message.headers['audit-id'] ?? '')
    listener(message, response)
  })
  const sockets = await listening(server, port)
  const bound = portOf(server)
  return { server, ca, received, sockets, port: bound, url: `https://127.0.0.1:${bound}` }
}

/** The options of a proxy to a server that sends these bytes when a request comes, whatever HTTP says of them. */
export async function toBytes(
  answer: string | ((socket: Socket, request: Buffer) => void),
): Promise<Pick<ImpersonatingProxyOptions, 'upstream' | 'allowInsecureHttp'>> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (request: Buffer) =>
      typeof answer === 'string' ? socket.write(answer, 'latin1') : answer(socket, request),
    )
  })
  await listening(server)
  return { upstream: { server: `http://127.0.0.1:${portOf(server)}` }, allowInsecureHttp: true }
}

/** The same bytes with the `Audit-ID` of the request, as API servers send it. */
export function echoing(bytes: string): (socket: Socket, request: Buffer) => void {
  return (socket, request) => {
    const [auditId = ''] = /^audit-id: .*$/im.exec(request.toString('latin1')) ?? []
    socket.write(bytes.replace('\r\n', `\r\n${auditId}\r\n`), 'latin1')
  }
}

/** Has the upstream switch protocols by hand. */
export function onUpgrade(
  { server, received }: RunningUpstream,
  accept: (message: IncomingMessage, socket: Duplex, head: Buffer) => void,
): void {
  server.on('upgrade', (message, socket, head) => {
    const { method = '', url = '', rawHeaders } = message
    received.push({ method, url, rawHeaders: [...rawHeaders], message })
    socket.on('error', () => socket.destroy())
    accept(message, socket, head)
  })
}

/** A proxy on Node without a framework. */
export interface RunningProxy {
  readonly server: Server
  readonly port: number
  readonly proxy: ImpersonatingProxy
  readonly sockets: ReadonlySet<Socket>
}

export const jane: Authentication = {
  user: userInfo({
    username: 'jane',
    uid: '42',
    groups: ['dev', 'ops, with comma', 'system:authenticated'],
    extra: { scopes: ['read', 'write'] },
  }),
}

/** Authenticates every request as a user. */
export function everyoneIs(
  authentication: Authentication | ((request: AuthenticationRequest) => Authentication),
): Authenticator {
  return {
    name: 'everyone',
    authenticate: typeof authentication === 'function' ? authentication : () => authentication,
  }
}

/** A proxy in front of an upstream, for one user. */
export async function proxyTo(
  upstream: Pick<RunningUpstream, 'url' | 'ca'>,
  options: Partial<ImpersonatingProxyOptions> = {},
  authentication: Parameters<typeof everyoneIs>[0] = jane,
): Promise<RunningProxy> {
  const proxy = impersonatingProxy({
    authenticator: everyoneIs(authentication),
    upstream: {
      server: upstream.url,
      ca: upstream.ca,
      credential: { type: 'token', token: 'own-token' },
    },
    log: false,
    ...options,
  })
  onTestFinished(proxy.close)
  const server = createServer({ maxHeaderSize: 1e6 }, proxy.express())
  proxy.attach(server)
  const sockets = await listening(server)
  return { server, proxy, sockets, port: portOf(server) }
}

/** Listens on 127.0.0.1 until the test is over. */
export async function listening(server: TcpServer, port = 0): Promise<ReadonlySet<Socket>> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return sockets
}

/** The port of a server. */
export function portOf(server: TcpServer): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Sends bytes, and returns all that comes back until the connection is closed. */
export async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(text, 'latin1')
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('data', (data: string) => (answer += data))
  socket.on('error', () => {})
  await once(socket, 'close')
  return answer
}

/** The values of a header, in order. */
export function valuesOf(rawHeaders: readonly string[] | undefined, name: string): readonly string[] {
  return (rawHeaders ?? []).filter(
    (_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === name.toLowerCase(),
  )
}

/** Resolves once it is true. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}
