import type { Authentication, Authenticator } from '../../authenticator/authenticator.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import { headerOfProxyMayBeLost } from '../headers/may-be-lost.ts'
import {
  aFunction,
  aRequestAuthenticator,
  type Check,
  must,
  oneOf,
  optionProblems,
  type OptionsShape,
  refuseProblems,
  required,
  wholeNumber,
} from '../../internal/options/index.ts'
import type { AuthenticationRequest, RequestHeaders } from '../request.ts'
import { CLIENT_CERT_HEADERS, readClientCert } from './client-cert.ts'
import { readEscapedPem } from './escaped-pem.ts'
import { FORWARDED_CLIENT_CERT, readForwardedClientCert } from './forwarded-client-cert.ts'
import { certificateHeaderNames, hasAny, refuseTwins } from './header-names.ts'
import { consultWithCertificates } from './request-with-certificates.ts'

/** Whether a request comes from the proxy that terminates TLS, decided without the certificate headers. */
export interface ProxyTrust {
  (request: AuthenticationRequest): Awaitable<boolean>
  /** Whether it reads TLS peer certificates, to recognise the proxy by its certificate. Default `false`. */
  readonly peerCertificates?: boolean
}

/** Options of {@link certificateHeaders}. */
export type CertificateHeadersOptions = (
  | {
      /** `Client-Cert` and `Client-Cert-Chain` (RFC 9440): haproxy, Cloudflare, Google Cloud, nginx with njs. */
      readonly format: 'client-cert'
    }
  | {
      /** nginx's `$ssl_client_escaped_cert`: only the leaf, so the authorities must include the intermediates. */
      readonly format: 'nginx'
      /** The header that nginx sends it in. Default `ssl-client-cert`, as in ingress-nginx. */
      readonly header?: string
    }
  | {
      /** `X-Forwarded-Client-Cert` of Envoy and Istio, with `Cert` or `Chain`. */
      readonly format: 'envoy'
      /** The number of proxies that add an element; the first terminates the client's TLS. Default 1. */
      readonly proxies?: number
    }
) & {
  /** Which requests come from the proxy. Otherwise any client could present any certificate, since certificates are public. */
  readonly trusts: ProxyTrust
}

const aHeaderName: Check = must(
  'must be the name of a header, without underscores and with at most five hyphens',
  (value) => typeof value === 'string' && isHeaderName(value),
)

const shape: OptionsShape<CertificateHeadersOptions> = {
  trusts: required(aFunction),
  format: required(oneOf('client-cert', 'nginx', 'envoy')),
  header: aHeaderName,
  proxies: wholeNumber(1),
}

/** The format that an option belongs to; with another format it is refused. */
const OPTION_OF = { header: 'nginx', proxies: 'envoy' } as const

/**
 * Gives the delegate the certificates that a TLS-terminating proxy sends in headers, as if they were those of the connection. The
 * delegate verifies them as usual; the proxy is trusted only to have checked that its client holds the private key.
 *
 * - Headers from other clients are ignored. They are not an error: the request is authenticated without them.
 * - The delegate never sees the certificates of the connection itself, so a proxy is never authenticated as a user, and its clients cannot
 *   use tokens bound to the proxy's certificate. If the delegate is a whole chain, it accepts tokens bound to the client's certificate.
 * - The headers never reach an application, whichever authenticator accepted the request. The same is true of their twins with
 *   underscores, and a request with such a twin is rejected.
 * - Over HTTP/2 on a runtime that may silently lose a header (`RequestHeaders.complete`), all requests of the proxy are rejected.
 * - Unreadable values of the proxy are rejected, and so are more than ten certificates or a certificate of more than 64 KiB.
 *
 * The proxy must remove these headers from the requests it receives and must request client certificates in the TLS handshake; it need
 * not verify them. `trusts` must recognise the proxy by its certificate, its address or a shared secret.
 *
 * Source: RFC 9440 section 4 gives the reasons.
 *
 * Deviation: Kubernetes has no equivalent (`docs/deviations.md`, certificates in headers).
 *
 * @throws {ConfigurationError} if `trusts` is missing or an option is invalid.
 * @example
 * const behindHaproxy = certificateHeaders({ format: 'client-cert', trusts: isOurProxy }, clientCertificate(authorities))
 */
export function certificateHeaders(
  options: CertificateHeadersOptions,
  delegate: Authenticator,
): Authenticator {
  refuseProblems(optionProblems(shape, options), aRequestAuthenticator(delegate, 'delegate'))
  refuseProblems(misplacedOptions(options))
  const { trusts } = options
  const format = formatOf(options)
  const headerNames = certificateHeaderNames(format.names)

  return {
    name: 'certificateHeaders',
    credentials: {
      schemes: delegate.credentials?.schemes ?? [],
      known: delegate.credentials?.known ?? [],
      identityHeaders: [...(delegate.credentials?.identityHeaders ?? []), () => headerNames.changes],
      peerCertificates: trusts.peerCertificates === true,
      proxyAuthorities: delegate.credentials?.proxyAuthorities ?? [],
    },
    ...(delegate.audiences !== undefined && { audiences: delegate.audiences }),
    authenticate(request, context) {
      const ask = (chain: readonly Uint8Array[] = []): Awaitable<Answer> =>
        consultWithCertificates(delegate, request, chain, context)

      refuseTwins(headerNames, request.headers)
      const mayBeLost = request.headers.complete === false
      if (!mayBeLost && !hasAny(headerNames, request.headers)) return ask()
      return andThen<unknown, Answer>(trusts(request), (isTrusted) => {
        // Strictly `true`: a predicate in plain JavaScript may return any truthy value.
        if (isTrusted !== true) return ask()
        if (mayBeLost) throw headerOfProxyMayBeLost()
        return andThen(format.read(request.headers), ask)
      })
    },
  }
}

type Answer = Authentication | undefined

/** How to read a format, and its headers. */
interface Format {
  readonly names: readonly string[]
  read(headers: RequestHeaders): Awaitable<readonly Uint8Array[] | undefined>
}

function formatOf(options: CertificateHeadersOptions): Format {
  if (options.format === 'nginx') {
    const header = (options.header ?? 'ssl-client-cert').toLowerCase()
    return { names: [header], read: (headers) => readEscapedPem(headers, header) }
  }
  if (options.format === 'envoy') {
    const { proxies = 1 } = options
    return { names: [FORWARDED_CLIENT_CERT], read: (headers) => readForwardedClientCert(headers, proxies) }
  }
  return { names: CLIENT_CERT_HEADERS, read: readClientCert }
}

function misplacedOptions(options: CertificateHeadersOptions): readonly ConfigurationProblem[] {
  return (['header', 'proxies'] as const)
    .filter((path) => Reflect.get(options, path) !== undefined && options.format !== OPTION_OF[path])
    .map((path) => ({ path, message: `is only for the format '${OPTION_OF[path]}'` }))
}

/** RFC 9110 section 5.6.2, without the underscore, which other servers treat as a hyphen. */
function isHeaderName(name: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^`|~-]+$/.test(name) && name.split('-').length <= 6
}
