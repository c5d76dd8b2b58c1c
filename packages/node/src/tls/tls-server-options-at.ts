import type { SecureContextOptions } from 'node:tls'
import { resolve } from 'node:path'
import { ConfigurationError, notify } from '@kube-authn/core'
import { optionProblems, type OptionsShape, refuseProblems, required } from '@kube-authn/core/options'
import { aPath } from '../options/a-path.ts'
import { underOption } from '../options/problems-of.ts'
import { fileShape } from '../options/reload-shape.ts'
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

/** The checks of what is not handed on to Node. */
const shape: OptionsShape<
  Pick<TlsServerOptionsAt, 'certFile' | 'keyFile'> & Omit<FileSourceOptions<unknown>, 'parse'>
> = {
  ...fileShape,
  certFile: required(aPath),
  keyFile: required(aPath),
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
  checkOwnOptions(options)
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

  const source = (option: string, path: string): ReturnType<typeof fileSource<Buffer>> =>
    underOption(option, () =>
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
      }),
    )

  const cert = source('certFile', certFile)
  const key = orElse(
    () => cert.close(),
    () => source('keyFile', keyFile),
  )
  const close = (): void => {
    cert.close()
    key.close()
  }
  return {
    options: orElse(close, () => ofFiles(read, { certFile, keyFile })),
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

/** What Node's TLS servers take cannot be told from a typing error, but for names that are nearly ours. */
function checkOwnOptions(options: TlsServerOptionsAt): void {
  const own = Object.fromEntries(
    Object.entries(Object(options) as object).filter(([name]) => Object.hasOwn(shape, name)),
  )
  refuseProblems(
    typeof options === 'object' && options !== null ? [] : optionProblems(shape, options),
    optionProblems(shape, own),
  )
}

/** @throws {ConfigurationError} that names the files where the certificate and the key in them do not go together. */
function ofFiles<T>(
  read: () => T,
  { certFile, keyFile }: Pick<TlsServerOptionsAt, 'certFile' | 'keyFile'>,
): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const files = `certFile is ${resolve(certFile)}, keyFile is ${resolve(keyFile)}`
    throw new ConfigurationError(
      error.problems.map(({ path, message }) =>
        path === 'cert' || path === 'key'
          ? { path: `${path}File`, message: `${message}; ${files}` }
          : { path, message },
      ),
      { cause: error },
    )
  }
}
