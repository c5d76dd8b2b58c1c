import { once } from 'node:events'
import { createServer, request as requestHttp1 } from 'node:http'
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  createServer as createHttp2Server,
} from 'node:http2'
import { createServer as createHttpsServer, request as requestHttps } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { COMPLETE_FIELDS } from '@kube-authn/core/internal'
import type { Awaitable } from '@kube-authn/core'
import type { CertificateAuthority, IssuedCredential } from '../../pki/certificate-authority.ts'
import type { ContractApp, ContractProtocol } from './contract.ts'

/** Names and values, in the order sent. */
export type SentHeaders = readonly (readonly [name: string, value: string])[]

export interface Answer {
  readonly status: number
  /** All values of a header, separate if the protocol keeps them separate. */
  readonly header: (name: string) => readonly string[]
  readonly body: string
}

export interface SendOptions {
  readonly headers?: SentHeaders
  readonly method?: string
  /** With its query. Default `/path?query`. */
  readonly path?: string
  readonly signal?: AbortSignal
}

export interface RunningApp {
  readonly send: (options?: SendOptions) => Promise<Answer>
  /** The origin of the app, as a browser has it. */
  readonly origin: string
  /** HTTP/1 only: the port of the server, for raw requests. */
  readonly port: number
  /** HTTP/2 only: one connection for all requests from the first call on. Before it, each request has its own. */
  readonly session: () => ClientHttp2Session
}

/** The TLS options of a server and its clients. */
export interface Tls {
  readonly pki: CertificateAuthority
  readonly client?: IssuedCredential
}

/** Runs an app during a test. */
export async function withApp(
  app: ContractApp,
  protocol: ContractProtocol,
  tls: Tls | undefined,
  test: (running: RunningApp) => Awaitable<void>,
): Promise<void> {
  if (typeof app !== 'function') {
    await test({
      send: (options) => sendByFetch(app.fetch, options),
      origin: LOCAL,
      port: 0,
      session: noSession,
    })
    return
  }
  const credential = await tls?.pki.issueServer({ hosts: ['localhost', '127.0.0.1'] })
  const server = serverOf(app, protocol, credential)
  const close = connectionsOf(server)
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
    const client = {
      ...(tls !== undefined && { ca: tls.pki.caPem }),
      ...(tls?.client !== undefined && { cert: tls.client.chainPem, key: tls.client.privateKeyPem }),
    }
    if (protocol === 'http1') {
      await test({ send: (options) => sendHttp1(origin, client, options), origin, port, session: noSession })
      return
    }
    let pinned: ClientHttp2Session | undefined
    await test({
      send: (options) => sendHttp2(pinned ?? sessionTo(origin, client), options),
      origin,
      port,
      session: () => (pinned ??= sessionTo(origin, client)),
    })
  } finally {
    await close()
  }
}

function noSession(): never {
  throw new Error('only HTTP/2 has sessions')
}

function sessionTo(origin: string, client: object): ClientHttp2Session {
  const session = connect(origin, client)
  // Its requests report the error.
  session.on('error', () => undefined)
  return session
}

type Listener = Extract<ContractApp, (...args: never) => unknown>

function serverOf(
  app: Listener,
  protocol: ContractProtocol,
  credential: IssuedCredential | undefined,
): Server {
  // Each protocol has its own message types; apps treat them alike.
  const listener = (...messages: readonly [object, unknown]): void => {
    // As the servers of @kube-authn/node mark requests without dropped headers.
    if (protocol === 'http2') Object.assign(messages[0], { [COMPLETE_FIELDS]: true })
    Reflect.apply(app, undefined, messages)
  }
  if (credential === undefined) {
    return protocol === 'http2' ? createHttp2Server(listener) : createServer(listener)
  }
  const options = {
    cert: credential.chainPem,
    key: credential.privateKeyPem,
    requestCert: true,
    rejectUnauthorized: false,
  }
  return protocol === 'http2' ? createSecureServer(options, listener) : createHttpsServer(options, listener)
}

/** Returns a function that closes a server with all its connections. */
function connectionsOf(server: Server): () => Promise<void> {
  const sockets = new Set<{ destroy(): unknown }>()
  for (const event of ['connection', 'secureConnection']) {
    server.on(
      event,
      (socket: { destroy(): unknown; once(event: 'close', listener: () => void): unknown }) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      },
    )
  }
  return async () => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    await closed
  }
}

const LOCAL = 'http://localhost'
const PATH = '/path?query'

async function sendByFetch(
  handle: (request: Request) => Awaitable<Response>,
  { headers = [], path = PATH, ...init }: SendOptions = {},
): Promise<Answer> {
  const sent = new Headers()
  for (const [name, value] of headers) sent.append(name, value)
  const response = await handle(new Request(LOCAL + path, { ...init, headers: sent }))
  return {
    status: response.status,
    header: (name) =>
      (response.headers.get(name) ?? '').split(/, (?=\d{3} - |[A-Z])/).filter((value) => value !== ''),
    body: await response.text(),
  }
}

function sendHttp1(
  origin: string,
  client: object,
  { headers = [], method = 'GET', path = PATH, signal }: SendOptions = {},
): Promise<Answer> {
  const { host } = new URL(origin)
  return new Promise((resolve, reject) => {
    const start = origin.startsWith('https:') ? requestHttps : requestHttp1
    const sent = start(origin + path, {
      ...client,
      method,
      agent: false,
      // Node sends an array as it is and adds nothing.
      headers: ['Host', host, ...headers.flat()],
      ...(signal !== undefined && { signal }),
    })
    sent.on('response', (response) => {
      const status = response.statusCode ?? 0
      const header = (name: string): readonly string[] => response.headersDistinct[name] ?? []
      text(response).then((body) => resolve({ status, header, body }), reject)
    })
    sent.on('error', reject).end()
  })
}

function sendHttp2(
  session: ClientHttp2Session,
  { headers = [], method = 'GET', path = PATH, signal }: SendOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all: Record<string, string | string[]> = { ':path': path, ':method': method }
    for (const [name, value] of headers) {
      const key = name.toLowerCase()
      const before = all[key]
      all[key] = before === undefined ? value : [...[before].flat(), value]
    }
    const stream = session.request(all, { endStream: true, ...(signal !== undefined && { signal }) })
    let body = ''
    let answer: Readonly<Record<string, string | string[] | number | undefined>> = {}
    stream.setEncoding('utf8')
    stream.on('response', (received) => (answer = received))
    stream.on('data', (data: string) => (body += data))
    stream.on('error', reject)
    stream.on('close', () => reject(new Error('the stream ended without a response')))
    stream.on('end', () =>
      resolve({
        status: Number(answer[':status']),
        header: (name) => splitHttp2(answer[name]),
        body,
      }),
    )
  })
}

/** Over HTTP/2 Node joins repeated response headers. */
function splitHttp2(value: string | string[] | number | undefined): readonly string[] {
  if (value === undefined) return []
  return [value].flat().flatMap((each) => String(each).split(/, (?=\d{3} - |[A-Z])/))
}
