import type { Authenticator } from '../../authenticator/authenticator.ts'
import type { Context } from '../../authenticator/context.ts'
import { type AuthenticationError, isAuthenticationError, rejected } from '../../authenticator/errors.ts'
import { andThen } from '../../internal/awaitable.ts'
import type { AuthenticationRequest } from '../request.ts'
import { aRequestAuthenticator, isOrigin, refuseProblems } from '../../internal/options/index.ts'
import { hostOf, mayChange, siteOf } from './request-site.ts'

/**
 * The same authenticator, for a credential that browsers send by themselves: a cookie, a password or `Negotiate` in `Authorization`, a client certificate, or the identity that a
 * front proxy took from one of these. It does not count for requests that pages of other sites make, unless they change nothing: any but GET, HEAD and OPTIONS, and upgrades. Such
 * a request is a 403, unless it has another credential that counts.
 *
 * A page of another site is known by `Sec-Fetch-Site`, else by an `Origin` of another host. Clients that are no browsers send neither, and are never refused. `trustedOrigins` of the
 * chain names origins whose pages may make such requests.
 *
 * `basic`, `clientCertificate`, `cloudflareClientCertificate`, `requestHeader` and the sessions of `@kube-authn/login` have this rule already.
 *
 * Deviation: kube-apiserver has no such rule (`docs/deviations.md`, requests of other sites).
 *
 * @throws {ConfigurationError} if it is not an authenticator.
 * @example
 * const sessions = ambientCredential({ name: 'session', authenticate: ({ headers }) => userOf(headers.first('cookie')) })
 */
export function ambientCredential(authenticator: Authenticator): Authenticator {
  refuseProblems(aRequestAuthenticator(authenticator, 'authenticator'))
  return {
    ...authenticator,
    authenticate(request, context) {
      const answer = authenticator.authenticate(request, context)
      if (!mayChange(request)) return answer
      return andThen(answer, (known) => {
        if (known !== undefined) refuseFromElsewhere(request, context)
        return known
      })
    },
  }
}

/** @throws {AuthenticationError} `rejected` if a page of another site made the request. */
function refuseFromElsewhere(request: AuthenticationRequest, { trustedOrigins = [] }: Context): void {
  if (siteOf(request.headers, trustedOrigins, hostOf(request)) !== 'elsewhere') return
  const origin = request.headers.first('origin')
  const named = isOrigin(origin) && origin.length <= MAX_SHOWN ? ` (${origin})` : ''
  throw crossSiteRejection(
    `the request comes from ${ANOTHER_SITE}${named}, with a credential that browsers send by themselves`,
  )
}

/** What the message of such an error contains. */
export const ANOTHER_SITE = 'a page of another site'

/** Of an origin in a log. */
const MAX_SHOWN = 128

/** What to do about it. */
export const CROSS_SITE_REMEDY: string =
  'If its pages may act for the users, name its origin in the option trustedOrigins (--trusted-origins) of the chain; if it is a page of this site, let the proxy before this server ' +
  'hand on the header Host.'

const crossSite = new WeakSet<AuthenticationError>()

/** The error of a credential that does not count, since the request may be one of another site. */
export function crossSiteRejection(message: string): AuthenticationError {
  const error = rejected(message)
  crossSite.add(error)
  return error
}

/** Whether a request was refused for that. @param cause of a refusal: an error, which may aggregate several. */
export function isCrossSite(cause: unknown): boolean {
  return (
    isAuthenticationError(cause) && (crossSite.has(cause) || cause.errors.some((each) => crossSite.has(each)))
  )
}
