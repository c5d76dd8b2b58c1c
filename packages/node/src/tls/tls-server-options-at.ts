import type { SecureContextOptions } from 'node:tls'
import { type OptionsShape, required } from '@kube-authn/core/adapter'
import { defined, optionProblems, refuseProblems } from '@kube-authn/core/internal'
import { X509Certificate } from 'node:crypto'
import { aPath } from '../options/file-option.ts'
import { fileShape, type FileOptions } from '../options/reload-options.ts'
import { type CertificatePairContent, certificatePair } from './certificate-pair.ts'
import { type SniCertificate, sniCertificates, sniCertificatesAt } from './sni-certificates.ts'
import {
  type ClientCertificateRequest,
  type TlsServerOptions,
  tlsServerOptions,
} from './tls-server-options.ts'
import { closeable, type Closeable, orElse } from '../options/closeable.ts'

/** Options of {@link tlsServerOptionsAt}: two files, how they are watched, and any other option of Node's TLS servers. */
export type TlsServerOptionsAtOptions = Omit<TlsServerOptions, 'cert' | 'key'> &
  FileOptions & {
    /** The server's certificate and its intermediates, in PEM (`--tls-cert-file`). */
    readonly certFile: string
    /** Its private key, in PEM (`--tls-private-key-file`). */
    readonly keyFile: string
    /**
     * Certificates for some of the names of the server, by the name that a client wants (`--tls-sni-cert-key`). A name counts more than a pattern, `names` more than those in a
     * certificate, and an earlier certificate more than a later one. Default: none.
     */
    readonly sniCertificates?: readonly SniCertificate[]
  }

/** The members of a server that `keepFresh` uses. */
interface KeptServer {
  setSecureContext(options: SecureContextOptions): void
  maxHeadersCount?: number | null
}

/** The checks of the options that are not passed on to Node. */
const shape: OptionsShape<
  Pick<TlsServerOptionsAtOptions, keyof FileOptions | 'certFile' | 'keyFile' | 'sniCertificates'>
> = {
  ...fileShape,
  certFile: required(aPath),
  keyFile: required(aPath),
  sniCertificates,
}

/** The TLS options of a server whose certificate is in files. */
export interface TlsServerFiles extends Closeable {
  /** For `https.createServer` or `http2.createSecureServer`. */
  readonly options: Omit<TlsServerOptions, keyof ClientCertificateRequest> & ClientCertificateRequest
  /**
   * Gives the server each new certificate; open connections keep theirs. It also lets the server keep all headers of a request, unless its
   * `maxHeadersCount` is set: Node would keep only the first 1,000. Returns the server.
   */
  keepFresh<Server extends KeptServer>(server: Server): Server
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
export function tlsServerOptionsAt(options: TlsServerOptionsAtOptions): TlsServerFiles {
  checkOwnOptions(options)
  const { certFile, keyFile, sniCertificates: named = [], ...others } = options
  const { reload, settleSeconds, pollSeconds, maxBytes, observer, clock, ...rest } = others
  const watching = defined({ reload, settleSeconds, pollSeconds, maxBytes, observer, clock })
  const servers: KeptServer[] = []
  const withCredential = (content: CertificatePairContent): TlsServerFiles['options'] =>
    tlsServerOptions({ ...rest, ...content })

  const own = certificatePair({
    certFile,
    keyFile,
    watching,
    path: '',
    make: (content) => ({ options: withCredential(content), certificate: new X509Certificate(content.cert) }),
    onFresh() {
      for (const server of servers) server.setSecureContext(own.current().options)
      sni?.refresh()
    },
  })
  const sni =
    named.length === 0
      ? undefined
      : orElse(own.close, () =>
          sniCertificatesAt({
            given: named,
            watching,
            byDefault: () => own.current().certificate,
            withCredential,
          }),
        )
  const files: Omit<TlsServerFiles, keyof Closeable> = {
    options: { ...own.current().options, ...(sni !== undefined && { SNICallback: sni.SNICallback }) },
    keepFresh(server) {
      servers.push(server)
      // `maxHeaderSize` limits their total size.
      server.maxHeadersCount ??= 0
      return server
    },
  }
  return closeable(files, () => {
    own.close()
    sni?.close()
  })
}

/** Unknown options may be Node's, so only near misses of our names are reported as typos. */
function checkOwnOptions(options: TlsServerOptionsAtOptions): void {
  const own = Object.fromEntries(
    Object.entries(Object(options) as object).filter(([name]) => Object.hasOwn(shape, name)),
  )
  refuseProblems(
    typeof options === 'object' && options !== null ? [] : optionProblems(shape, options),
    optionProblems(shape, own),
    own['sniCertificates'] === undefined || options.SNICallback === undefined
      ? []
      : [{ path: 'SNICallback', message: 'must not be given with sniCertificates' }],
  )
}
