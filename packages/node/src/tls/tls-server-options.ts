import type { SecureContextOptions, TlsOptions } from 'node:tls'
import { ConfigurationError, type ConfigurationProblem } from '@kube-authn/core'
import { nodeCrypto, nodeTls } from '../builtins.ts'
import {
  type Http2ServerOptions,
  http2ServerOptions,
  problemsOfHttp2,
  type VisibleHttp2Fields,
} from './http2-server-options.ts'

/** What a server certificate consists of: anything that Node's TLS takes. */
export interface TlsServerCredential {
  /** The server's certificate and its intermediates, in PEM. */
  readonly cert: NonNullable<SecureContextOptions['cert']>
  /** Its private key, in PEM. */
  readonly key: NonNullable<SecureContextOptions['key']>
}

/** What decides about client certificates, and so is not left to be chosen. */
const DECIDED = ['ca', 'crl', 'pfx', 'requestCert', 'rejectUnauthorized'] as const

/** Options of {@link tlsServerOptions}: a certificate, and whatever else Node's TLS servers take. */
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
 * The options of an `https` or `http2` server whose clients may present a certificate, made so that authenticators can rely on
 * what they see of it. Nobody is refused in the handshake: whose certificate it is, if anybody's, is for authenticators to say,
 * request by request and against their own authorities, while other clients bring a token.
 *
 * - `requestCert: true, rejectUnauthorized: false`, as kube-apiserver has it.
 * - `ca: []`: the TLS context trusts nobody. One pool could not tell the clients' authority from the front proxy's, and
 *   Node 24.21 and 26.8 lose the intermediates of a client that the context trusts (nodejs/node#65579). Without any `ca` Node
 *   would trust the authorities of browsers and of `NODE_EXTRA_CA_CERTS`, and lose theirs. The price: clients are not told
 *   which authorities are acceptable, so a browser offers every certificate it has.
 * - No session is resumed. A resumed session has no intermediates (openssl/openssl#13673). When a proxy shares its sessions, as
 *   nginx does between locations, it may have no certificate although the client has one, or one that was not meant. It would also keep what was true in another handshake, and,
 *   where ticket keys are shared, in another process. The price is a full handshake for each connection.
 * - No renegotiation, as in Go: the certificates of a connection never change.
 * - Over HTTP/2 no header is lost unseen, as far as the runtime allows: `http2ServerOptions`.
 *
 * How many headers Node keeps of a request is no option but a property of a server, so `server.maxHeadersCount = 0` remains to be said:
 * where it is not, a request with 1,000 headers or more is a 431.
 *
 * Deviation: Go resumes sessions, and kube-apiserver names its authorities to clients (`docs/deviations.md`, TLS sessions;
 * acceptable issuers).
 *
 * @param options with `cert` and `key`; all else is handed on. `secureOptions` is added to.
 * @throws {ConfigurationError} when the certificate and the key cannot be used together, or an option decides what is decided
 *   here: `ca`, `crl`, `pfx`, `requestCert`, `rejectUnauthorized`, or as `http2ServerOptions` says.
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
  const { SSL_OP_NO_RENEGOTIATION, SSL_OP_NO_TICKET } = nodeCrypto().constants
  return {
    ...http2ServerOptions(options),
    requestCert: true,
    rejectUnauthorized: false,
    ca: [],
    secureOptions: (options.secureOptions ?? 0) | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION,
  }
}

const REASONS: Readonly<Record<(typeof DECIDED)[number], string>> = {
  ca: 'authorities are given to authenticators, and never to the TLS context',
  crl: 'the TLS context trusts nobody, so it has nothing to revoke',
  pfx: 'its authorities would be trusted by the TLS context; give cert and key',
  requestCert: 'is always true here',
  rejectUnauthorized: 'is always false here: authenticators decide',
}

function problemsOfCredential(options: TlsServerOptions): readonly ConfigurationProblem[] {
  const missing = (['cert', 'key'] as const).filter((name) => isNothing(options[name]))
  if (missing.length > 0) return missing.map((path) => ({ path, message: 'is required' }))
  try {
    const { cert, key, passphrase } = options
    nodeTls().createSecureContext({ cert, key, ...(passphrase !== undefined && { passphrase }) })
    return []
  } catch (error) {
    // OpenSSL says what is wrong by a code, and never quotes its input.
    const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    return [{ path: 'cert', message: `is no certificate that goes with the key${reason}` }]
  }
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}
