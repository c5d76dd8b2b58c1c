import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { tlsServerOptionsAt } from '@kube-authn/node'
import type { Observer } from '@kube-authn/core'
import type { ApiServer } from '../../server/api-server-options.ts'
import { Failure } from '../failure.ts'
import { codeOf } from '../terminal/new-file.ts'
import { inTermsOfFlags } from './in-terms-of-flags.ts'
import { logLine } from './server-log.ts'
import type { ServerCertificateFiles } from './material/own-server-certificate.ts'
import type { ListenAddress, TlsSettings } from './settings.ts'

const TLS_FLAGS: ReadonlyMap<string, string> = new Map([
  ['certFile', '--tls-cert-file'],
  ['keyFile', '--tls-private-key-file'],
])

/** How long an idle connection is kept, as in kube-apiserver. */
const IDLE_MS = 90_000

/** A socket that is open for clients. */
export interface Listening {
  /** The port, also if any free one was asked for. */
  readonly port: number
  /** Closes the socket and all connections. */
  close(this: void): Promise<void>
}

/** What to serve over TLS. */
export interface SecureListening {
  readonly address: ListenAddress
  readonly files: ServerCertificateFiles
  readonly tls: TlsSettings
  /** Receives reloads of the certificate. */
  readonly observer: Observer
  /** Adds the listeners of requests. */
  readonly attach: (server: Server) => void
}

/**
 * Listens with HTTPS. A new certificate in the files is used for new connections.
 *
 * Deviation: over HTTP/1.1 only (`docs/deviations.md`, HTTP/2 of serve).
 *
 * @throws {Failure} if the address cannot be used.
 * @throws {ConfigurationError} if the certificate cannot be used.
 */
export async function listenSecurely({
  address,
  files,
  tls: { minVersion, ciphers },
  observer,
  attach,
}: SecureListening): Promise<Listening> {
  const tls = inTermsOfFlags(TLS_FLAGS, () =>
    tlsServerOptionsAt({
      ...files,
      minVersion,
      ...(ciphers !== undefined && { ciphers }),
      honorCipherOrder: true,
      ALPNProtocols: ['http/1.1'],
      observer,
    }),
  )
  try {
    const server = tls.keepFresh(createHttpsServer(tls.options))
    attach(server)
    const { port, close } = await listen(server, address, 'secure')
    return {
      port,
      async close() {
        await close()
        tls.close()
      },
    }
  } catch (error) {
    tls.close()
    throw error
  }
}

/**
 * Listens with plain HTTP. Requests are authenticated and authorized as over HTTPS.
 *
 * Deviation: the insecure port of Kubernetes has neither authentication nor authorization (`docs/deviations.md`, insecure port).
 *
 * @throws {Failure} if the address cannot be used.
 */
export function listenInsecurely(api: ApiServer, address: ListenAddress): Promise<Listening> {
  const server = createHttpServer()
  server.maxHeadersCount = 0
  server.on('request', api.listener)
  return listen(server, address, 'insecure')
}

async function listen(
  server: Server,
  { host, port }: ListenAddress,
  kind: 'secure' | 'insecure',
): Promise<Listening> {
  server.keepAliveTimeout = IDLE_MS
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(unusable(error, { host, port }, kind)))
    server.listen({ host, port }, resolve)
  })
  // A failure to accept a connection, which without a listener would end the process.
  server.on('error', (error) =>
    logLine({ level: 'error', message: `a connection could not be accepted (${codeOf(error)})` }),
  )
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // `closeAllConnections` leaves those that have switched protocols.
        for (const socket of sockets) socket.destroy()
      }),
  }
}

const PREFIXES = { secure: '', insecure: 'insecure-' } as const

function unusable(error: unknown, { host, port }: ListenAddress, kind: keyof typeof PREFIXES): Failure {
  const prefix = PREFIXES[kind]
  const flag = kind === 'secure' ? '--secure-port' : '--insecure-port'
  const code = codeOf(error)
  if (code === 'EADDRINUSE') {
    return new Failure(
      `${flag}: another process listens on port ${port} of ${host}; stop it, or choose another port`,
      { cause: error },
    )
  }
  if (code === 'EACCES')
    return new Failure(`${flag}: port ${port} needs more rights (EACCES)`, { cause: error })
  return new Failure(`--${prefix}bind-address: cannot listen on port ${port} of ${host} (${code})`, {
    cause: error,
  })
}
