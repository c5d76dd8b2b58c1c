import type { SecureContextOptions } from 'node:tls'
import { resolve } from 'node:path'
import { ConfigurationError } from '@kube-authn/core'
import { notify, type OptionsShape, required } from '@kube-authn/core/adapter'
import { errorOf, optionProblems, refuseProblems } from '@kube-authn/core/internal'
import { aPath } from '../options/a-path.ts'
import { underOption } from '../options/problems-of.ts'
import { fileShape } from '../options/reload-shape.ts'
import { fileSource } from '../file-source/file-source.ts'
import type { FileSourceOptions } from '../file-source/file-source-options.ts'
import {
  type ClientCertificateRequest,
  type TlsServerOptions,
  tlsServerOptions,
} from './tls-server-options.ts'

/** Options of {@link tlsServerOptionsAt}: two files, how they are watched, and any other option of Node's TLS servers. */
export type TlsServerOptionsAt = Omit<TlsServerOptions, 'cert' | 'key'> &
  Omit<FileSourceOptions<unknown>, 'parse'> & {
    /** The server's certificate and its intermediates, in PEM (`--tls-cert-file`). */
    readonly certFile: string
    /** Its private key, in PEM (`--tls-private-key-file`). */
    readonly keyFile: string
  }

/** The members of a server that `keepFresh` uses. */
interface KeptServer {
  setSecureContext(options: SecureContextOptions): void
  maxHeadersCount?: number | null
}

/** The checks of the options that are not passed on to Node. */
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
   * Gives the server each new certificate; open connections keep theirs. It also lets the server keep all headers of a request, unless its
   * `maxHeadersCount` is set: Node would keep only the first 1,000. Returns the server.
   */
  keepFresh<Server extends KeptServer>(server: Server): Server
  /** Stops watching. The process can exit without it. */
  close(): void
}

/**
 * {@link tlsServerOptions} with the certificate and the key in files, which are reloaded when they change. New ones take effect once they match;
 * until then the old ones stay, and the observer gets an event.
 *
 * Source: apiserver `pkg/server/dynamiccertificates/dynamic_serving_content.go`.
 *
 * @throws {ConfigurationError} as `tlsServerOptions` does; any error of reading the files.
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
              error: errorOf(error, 'the certificate cannot be used'),
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
      // `maxHeaderSize` limits their total size.
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

/** Unknown options may be Node's, so only near misses of our names are reported as typos. */
function checkOwnOptions(options: TlsServerOptionsAt): void {
  const own = Object.fromEntries(
    Object.entries(Object(options) as object).filter(([name]) => Object.hasOwn(shape, name)),
  )
  refuseProblems(
    typeof options === 'object' && options !== null ? [] : optionProblems(shape, options),
    optionProblems(shape, own),
  )
}

/** @throws {ConfigurationError} that names the files if their certificate and key do not match. */
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
