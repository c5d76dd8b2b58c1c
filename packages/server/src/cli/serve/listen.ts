import { X509Certificate } from 'node:crypto'
import { createServer as createHttpServer } from 'node:http'
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { Server } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import type { Observer } from '@kube-authn/core'
import { notify } from '@kube-authn/core/adapter'
import { defined, systemClock } from '@kube-authn/core/internal'
import { type TlsServerFiles, tlsServerOptionsAt } from '@kube-authn/node'
import { serverConnections } from '@kube-authn/node/internal'
import type { ApiServer } from '../../server/api-server-options.ts'
import { codeOf, Failure } from '../failure.ts'
import {
  type CertificateFiles,
  inTermsOfFlags,
  type ListenAddress,
  type TlsSettings,
} from './flags/listen-flags.ts'
import type { Log } from './running.ts'

const flagsOf = (named: readonly unknown[]): ReadonlyMap<string, string> =>
  new Map([
    ['certFile', '--tls-cert-file'],
    ['keyFile', '--tls-private-key-file'],
    ...named.flatMap((_, index) =>
      ['certFile', 'keyFile'].map(
        (name) => [`sniCertificates[${index}].${name}`, '--tls-sni-cert-key'] as const,
      ),
    ),
  ])

/** How long an idle connection is kept, as in kube-apiserver. */
export const IDLE_MS = 90_000

/** A socket that is open for clients. */
export interface Listening {
  /** The port, also if any free one was asked for. */
  readonly port: number
  /** Where it listens, as in URLs. */
  readonly address: string
  close(this: void): Promise<void>
}

export interface SecureListening {
  readonly address: ListenAddress
  readonly files: CertificateFiles
  readonly tls: Pick<TlsSettings, 'minVersion'> & Partial<TlsSettings>
  /** Receives reloads of the certificate, when it ends, and handshakes that fail. */
  readonly observer: Observer
  readonly log: Log
  /** Makes the server, with the listeners of requests. */
  readonly serverOf: (options: TlsServerFiles['options']) => TlsServer
}

/** A server of HTTP/1.1 only. */
export function httpsServer(options: TlsServerFiles['options']): HttpsServer {
  const server = createHttpsServer({ ...options, ALPNProtocols: ['http/1.1'] })
  server.keepAliveTimeout = IDLE_MS
  return server
}

export interface Http2Limits {
  /** How many requests of a connection may run at a time. */
  readonly maxStreams: number
  /** How long a connection without requests is kept. */
  readonly idleMs: number
}

/** As much as Node's servers take over HTTP/1: the names and values of all headers, here with 32 bytes more for each. */
const MAX_HEADER_BYTES = 16_384
/** More than fit into that. */
const MAX_HEADERS = 1000
/** What a stream may send before it is read, as in kube-apiserver. */
const WINDOW_BYTES = 262_144
/** Frames that break the protocol, after which a connection is closed. */
const MAX_INVALID_FRAMES = 100

/**
 * A server of HTTP/2 and HTTP/1.1 by ALPN. A client that opens more streams than it may, resets them rapidly, or floods the connection with frames that have to be answered is disconnected
 * by nghttp2 and Node.
 *
 * Source: apiserver `pkg/server/secure_serving.go`; CVE-2023-44487.
 */
export function http2Server(
  options: TlsServerFiles['options'],
  { maxStreams, idleMs }: Http2Limits,
): Http2SecureServer {
  const server = createSecureServer({
    ...options,
    allowHTTP1: true,
    maxHeaderListPairs: MAX_HEADERS,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    settings: {
      maxConcurrentStreams: maxStreams,
      maxHeaderListSize: MAX_HEADER_BYTES,
      initialWindowSize: WINDOW_BYTES,
    },
  })
  // Of connections that speak HTTP/1.1.
  Object.assign(server, { keepAliveTimeout: idleMs })
  server.on('session', (session) => closeIdle(session, idleMs))
  return server
}

/** Closes a connection that has had no requests for some time. A watch may have nothing to send for longer. */
function closeIdle(session: ServerHttp2Session, idleMs: number): void {
  let running = 0
  session.on('stream', (stream: ServerHttp2Stream) => {
    running++
    stream.once('close', () => {
      running--
      // A timer that has fired does not fire again by itself.
      if (running === 0) session.setTimeout(idleMs)
    })
  })
  session.on('timeout', () => {
    if (running === 0) session.close()
  })
  session.setTimeout(idleMs)
}

/** The certificates of a server, in files. @throws {ConfigurationError} in terms of flags, if one cannot be used. */
export function secureFiles(
  files: CertificateFiles,
  { minVersion, ciphers, named = [] }: SecureListening['tls'],
  observer: Observer,
): TlsServerFiles {
  return inTermsOfFlags(flagsOf(named), () =>
    tlsServerOptionsAt({
      ...files,
      sniCertificates: named,
      minVersion,
      ...defined({ ciphers }),
      honorCipherOrder: true,
      observer,
    }),
  )
}

/**
 * Listens with HTTPS. A new certificate in the files is used for new connections.
 *
 * @throws {Failure} if the address cannot be used.
 * @throws {ConfigurationError} if the certificate cannot be used.
 */
export async function listenSecurely({
  address,
  files,
  tls: settings,
  observer,
  log,
  serverOf,
}: SecureListening): Promise<Listening> {
  const tls = secureFiles(files, settings, observer)
  try {
    const server = tls.keepFresh(serverOf(tls.options))
    tls.keepFresh({ setSecureContext: ({ cert }) => tellCertificate(cert, observer) })
    tellCertificate(tls.options.cert, observer)
    server.on('tlsClientError', () => notify(observer, { type: 'tlsHandshakeError' }))
    const listening = await listen(server, address, 'secure', log)
    return {
      ...listening,
      async close() {
        await listening.close()
        tls.close()
      },
    }
  } catch (error) {
    tls.close()
    throw error
  }
}

/** @param cert in PEM, as it is served. */
function tellCertificate(cert: unknown, observer: Observer): void {
  if (typeof cert !== 'string' && !Buffer.isBuffer(cert)) return
  const notAfterMs = Date.parse(new X509Certificate(cert).validTo)
  notify(observer, { type: 'servingCertificate', notAfterMs })
}

/**
 * Listens with plain HTTP.
 *
 * Deviation: the insecure port of Kubernetes has neither authentication nor authorization (`docs/deviations.md`, insecure port).
 *
 * @param kind of the flags for the address. Requests at the insecure port are authenticated and authorized as over HTTPS.
 * @throws {Failure} if the address cannot be used.
 */
export function listenOverHttp(
  listener: ApiServer['listener'],
  address: ListenAddress,
  kind: 'insecure' | 'healthz',
  log: Log,
): Promise<Listening> {
  const server = createHttpServer()
  server.maxHeadersCount = 0
  server.keepAliveTimeout = IDLE_MS
  server.on('request', listener)
  return listen(server, address, kind, log)
}

async function listen(
  server: Server,
  { host, port }: ListenAddress,
  kind: AddressKind,
  log: Log,
): Promise<Listening> {
  const close = serverConnections(server, systemClock)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(unusable(error, { host, port }, kind)))
    server.listen({ host, port }, resolve)
  })
  // A failure to accept a connection, which without a listener would end the process.
  server.on('error', (error) =>
    log({ level: 'error', message: `a connection could not be accepted (${codeOf(error)})` }),
  )
  const bound = server.address()
  const used = typeof bound === 'object' && bound !== null ? bound.port : port
  return {
    port: used,
    address: `${host.includes(':') ? `[${host}]` : host}:${used}`,
    close,
  }
}

type AddressKind = 'secure' | 'insecure' | 'healthz'

function unusable(error: unknown, { host, port }: ListenAddress, kind: AddressKind): Failure {
  const flag = `--${kind}-port`
  const address = kind === 'secure' ? '--bind-address' : `--${kind}-bind-address`
  const code = codeOf(error)
  const why =
    code === 'EADDRINUSE'
      ? `${flag}: another process listens on port ${port} of ${host}; stop it, or choose another port`
      : code === 'EACCES'
        ? `${flag}: port ${port} needs more rights (EACCES)`
        : `${address}: cannot listen on port ${port} of ${host} (${code})`
  return new Failure(why, { cause: error })
}
