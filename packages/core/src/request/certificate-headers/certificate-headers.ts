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

/** Whether a request comes from the proxy that ends TLS, told by anything but the headers in question. */
export interface ProxyTrust {
  (request: AuthenticationRequest): Awaitable<boolean>
  /** Whether it looks at the certificates of TLS peers, as one that knows a proxy by its certificate does. Default `false`. */
  readonly peerCertificates?: boolean
}

/** Options of {@link certificateHeaders}. */
export type CertificateHeadersOptions = (
  | {
      /** `Client-Cert` and `Client-Cert-Chain` (RFC 9440): haproxy, Cloudflare, Google Cloud, nginx with njs. */
      readonly format: 'client-cert'
    }
  | {
      /** nginx's `$ssl_client_escaped_cert`: the leaf only, so intermediates must be among the authorities. */
      readonly format: 'nginx'
      /** The header nginx is told to send it in. Default `ssl-client-cert`, as ingress-nginx does. */
      readonly header?: string
    }
  | {
      /** `X-Forwarded-Client-Cert` of Envoy and Istio, with `Cert` or `Chain` in it. */
      readonly format: 'envoy'
      /** How many proxies add an element, the one that ends the client's TLS being the first. Default 1. */
      readonly proxies?: number
    }
) & {
  /** Who is believed. Without it, whoever reaches the server could be anybody whose certificate they have. */
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

/** The format that an option belongs to. With another one it would say something that is not so. */
const OPTION_OF = { header: 'nginx', proxies: 'envoy' } as const

/**
 * Shows the delegate the certificates that a TLS-terminating proxy put into headers, as if they were those of the connection. The
 * delegate verifies them like any others; the proxy is only believed that its client holds their private key.
 *
 * - Headers from anybody but the proxy do not count. They are no error: their sender is who they are without them.
 * - The delegate never sees the certificates of the connection itself, so a proxy is never taken for a user, and no token that is bound to
 *   the proxy's certificate is accepted from its clients. A whole chain as the delegate knows tokens that are bound to the client's.
 * - The headers never reach an application, whoever sent them and whoever authenticated. The same is true of their twins with
 *   underscores, and a request with such a twin is rejected.
 * - Over HTTP/2 where a header may be left out unseen, everything of the proxy is rejected (`RequestHeaders.complete`).
 * - What the proxy sends and cannot be read is rejected, and so are more than ten certificates or more than 64 KiB in one.
 *
 * The proxy must remove these headers from what it receives, must ask its clients for certificates in the TLS handshake, and need
 * not verify them. `trusts` must know the proxy by its certificate, its address or a secret of its own.
 *
 * Source: RFC 9440 section 4 on why all of this.
 *
 * Deviation: Kubernetes has nothing like it (`docs/deviations.md`, certificates in headers).
 *
 * @throws {ConfigurationError} when nobody is trusted, or an option cannot work.
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
        // Nothing but `true`: a predicate in plain JavaScript may return whatever it looked at.
        if (isTrusted !== true) return ask()
        if (mayBeLost) throw headerOfProxyMayBeLost
        return andThen(format.read(request.headers), ask)
      })
    },
  }
}

type Answer = Authentication | undefined

/** How a format is read, and from which headers. */
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
    .map((path) => ({ path, message: `is of the format '${OPTION_OF[path]}' only` }))
}

/** RFC 9110 section 5.6.2, without the underscore that other servers take for a hyphen. */
function isHeaderName(name: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^`|~-]+$/.test(name) && name.split('-').length <= 6
}
