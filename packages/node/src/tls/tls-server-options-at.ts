import type { SecureContextOptions } from 'node:tls'
import { notify } from '@kube-authn/core'
import { fileSource, type FileSourceOptions } from '../file-source/file-source.ts'
import {
  type ClientCertificateRequest,
  type TlsServerOptions,
  tlsServerOptions,
} from './tls-server-options.ts'

/** Options of {@link tlsServerOptionsAt}: two files, how they are watched, and whatever else Node's TLS servers take. */
export type TlsServerOptionsAt = Omit<TlsServerOptions, 'cert' | 'key'> &
  Omit<FileSourceOptions<unknown>, 'parse'> & {
    /** The server's certificate and its intermediates, in PEM (`--tls-cert-file`). */
    readonly certFile: string
    /** Its private key, in PEM (`--tls-private-key-file`). */
    readonly keyFile: string
  }

/** What of a server is set, by `keepFresh`. */
interface KeptServer {
  setSecureContext(options: SecureContextOptions): void
  maxHeadersCount?: number | null
}

/** The TLS options of a server whose certificate is in files. */
export interface TlsServerFiles {
  /** For `https.createServer` or `http2.createSecureServer`. */
  readonly options: TlsServerOptions & ClientCertificateRequest
  /**
   * Gives the server each new certificate; connections that are open keep the one they began with. It also lets the server keep all headers
   * of a request, unless its `maxHeadersCount` is set: Node would keep the first 1,000. Returns the server.
   */
  keepFresh<Server extends KeptServer>(server: Server): Server
  /** Stops watching. A process ends without it. */
  close(): void
}

/**
 * {@link tlsServerOptions} with the certificate and the key in files, which are read again when they change. The new ones count
 * as soon as both go together; until then the old ones do, and the observer hears of it.
 *
 * Source: apiserver `pkg/server/dynamiccertificates/dynamic_serving_content.go`.
 *
 * @throws {ConfigurationError} as `tlsServerOptions` does; whatever reading the files throws.
 * @example
 * const tls = tlsServerOptionsAt({ certFile: 'tls.crt', keyFile: 'tls.key' })
 * const server = tls.keepFresh(https.createServer(tls.options, app))
 */
export function tlsServerOptionsAt(options: TlsServerOptionsAt): TlsServerFiles {
  const { certFile, keyFile, reload, settleSeconds, pollSeconds, maxBytes, observer, clock, ...rest } =
    options
  const watching = {
    parse: (content: Uint8Array) => Buffer.from(content),
    ...(reload !== undefined && { reload }),
    ...(settleSeconds !== undefined && { settleSeconds }),
    ...(pollSeconds !== undefined && { pollSeconds }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(clock !== undefined && { clock }),
  }
  const servers: { setSecureContext(options: SecureContextOptions): void }[] = []

  const read = (): TlsServerFiles['options'] =>
    tlsServerOptions({ ...rest, cert: cert.current(), key: key.current() })

  const source = (path: string): ReturnType<typeof fileSource<Buffer>> =>
    fileSource(path, {
      ...watching,
      observer: (event) => {
        if (event.type !== 'reload' || event.outcome === 'failed') {
          notify(observer, event)
          return
        }
        try {
          const fresh = read()
          for (const server of servers) server.setSecureContext(fresh)
          notify(observer, event)
        } catch (error) {
          notify(observer, {
            type: 'reload',
            source: path,
            outcome: 'failed',
            error: error instanceof Error ? error : new Error(String(error)),
          })
        }
      },
    })

  const cert = source(certFile)
  const key = orElse(
    () => cert.close(),
    () => source(keyFile),
  )
  const close = (): void => {
    cert.close()
    key.close()
  }
  return {
    options: orElse(close, read),
    keepFresh(server) {
      servers.push(server)
      // Their size is limited by `maxHeaderSize`.
      server.maxHeadersCount ??= 0
      return server
    },
    close,
  }
}

function orElse<T>(cleanUp: () => void, make: () => T): T {
  try {
    return make()
  } catch (error) {
    cleanUp()
    throw error
  }
}
