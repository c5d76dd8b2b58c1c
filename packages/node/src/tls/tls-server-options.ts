import { defined } from '@kube-authn/core/internal'
import { type SecureContextOptions, type TlsOptions, createSecureContext } from 'node:tls'
import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import { constants } from 'node:crypto'
import {
  type Http2ServerOptions,
  http2ServerOptions,
  problemsOfHttp2,
  type VisibleHttp2Fields,
} from './http2-server-options.ts'

/** A server certificate and its key, in any form that Node's TLS accepts. */
export interface TlsServerCredential {
  /** The server's certificate and its intermediates, in PEM. */
  readonly cert: NonNullable<SecureContextOptions['cert']>
  /** Its private key, in PEM. */
  readonly key: NonNullable<SecureContextOptions['key']>
}

/** The options that control client certificates, and so cannot be set. */
const DECIDED = ['ca', 'crl', 'pfx', 'requestCert', 'rejectUnauthorized'] as const

/** Options of {@link tlsServerOptions}: a certificate, and any other option of Node's TLS servers. */
export type TlsServerOptions = TlsServerCredential &
  Omit<TlsOptions, (typeof DECIDED)[number] | 'cert' | 'key'> &
  Http2ServerOptions & {
    readonly [name in (typeof DECIDED)[number]]?: never
  }

/** What {@link tlsServerOptions} adds. */
export interface ClientCertificateRequest extends VisibleHttp2Fields {
  readonly requestCert: true
  readonly rejectUnauthorized: false
  readonly ca: string[]
  readonly secureOptions: number
}

/**
 * Options of an `https` or `http2` server whose clients may present a certificate that authenticators can rely on. No client is refused in the
 * handshake: authenticators verify the certificate per request and against their own CAs, while other clients use a token.
 *
 * - `requestCert: true, rejectUnauthorized: false`, as in kube-apiserver.
 * - `ca: []`: the TLS context trusts no CA. A single pool could not tell the clients' CA from the front proxy's, and Node 24.21 and 26.8 lose the
 *   intermediates of a client that the context trusts (nodejs/node#65579). Without any `ca` Node would trust its default CAs and
 *   `NODE_EXTRA_CA_CERTS`, and lose their intermediates. The cost: clients do not learn the acceptable CAs, so a browser offers all of its
 *   certificates.
 * - No session resumption. A resumed session has no intermediates (openssl/openssl#13673). If a proxy shares sessions, as nginx does between
 *   locations, a resumed session may have no certificate or the wrong one. It would also keep the result of an earlier handshake, possibly of another
 *   process with the same ticket keys. The cost is a full handshake per connection.
 * - No renegotiation, as in Go: the certificates of a connection never change.
 * - Over HTTP/2 no header is dropped silently, as far as the runtime allows: `http2ServerOptions`.
 *
 * The number of headers that Node keeps is a property of the server, not an option: set `server.maxHeadersCount = 0`, or a request with 1,000 headers
 * or more gets status 431.
 *
 * Deviation: Go resumes sessions, and kube-apiserver sends its acceptable CAs to clients (`docs/deviations.md`, TLS sessions; acceptable issuers).
 *
 * @param options with `cert` and `key`; others are passed on. Flags are added to `secureOptions`.
 * @throws {ConfigurationError} if the certificate and the key do not match, or an option is set that is fixed here: `ca`, `crl`, `pfx`,
 *   `requestCert`, `rejectUnauthorized`, or one that `http2ServerOptions` refuses.
 * @example
 * const server = https.createServer(tlsServerOptions({ cert, key }), app)
 */
export function tlsServerOptions<Options extends TlsServerOptions>(
  options: Options,
): Options & ClientCertificateRequest {
  const problems = [...problemsOfHttp2(options)]
  if (problems.every(({ path }) => path !== 'options')) {
    const decided = DECIDED.filter((name) => options[name] !== undefined)
    problems.unshift(...decided.map((path) => ({ path, message: REASONS[path] })))
    problems.push(...problemsOfCredential(options))
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  const { SSL_OP_NO_RENEGOTIATION, SSL_OP_NO_TICKET } = constants
  return {
    ...http2ServerOptions(options),
    requestCert: true,
    rejectUnauthorized: false,
    ca: [],
    secureOptions: (options.secureOptions ?? 0) | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION,
  }
}

const REASONS: Readonly<Record<(typeof DECIDED)[number], string>> = {
  ca: 'is not allowed here: CAs are set on authenticators, not on the TLS context',
  crl: 'is not allowed here: the TLS context trusts no CA, so there is nothing to revoke',
  pfx: 'is not allowed here: the TLS context would trust its CAs; use cert and key',
  requestCert: 'is always true here',
  rejectUnauthorized: 'is always false here: authenticators decide',
}

function problemsOfCredential(options: TlsServerOptions): readonly ConfigurationProblem[] {
  const missing = (['cert', 'key'] as const).filter((name) => isNothing(options[name]))
  if (missing.length > 0) return missing.map((path) => ({ path, message: 'is required' }))
  try {
    const { cert, key, passphrase } = options
    createSecureContext({ cert, key, ...defined({ passphrase }) })
    return []
  } catch (error) {
    // OpenSSL reports a code and never quotes its input.
    const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    return [{ path: 'cert', message: `must be a certificate that matches the key${reason}` }]
  }
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}
