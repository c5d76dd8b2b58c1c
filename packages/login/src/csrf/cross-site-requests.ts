import type { AuthenticationRequest, RequestHeaders } from '@kube-authn/core'
import { mayChange, onlyOne, opensConnection, siteOf } from '@kube-authn/core/internal'
import type { Session } from '../sessions/session-keeper.ts'
import { verifyCsrfToken } from './csrf-token.ts'

/**
 * Why a request must be refused with a 403, for the log; `undefined` if it may be handled.
 *
 * @param session the one that authenticated the request; `undefined` if a request without one must not come from another site either.
 * @param trustedOrigins further origins whose pages may make the request.
 */
export type CrossSiteCheck = (
  request: Pick<AuthenticationRequest, 'method' | 'headers'>,
  session: Pick<Session, 'id'> | undefined,
  trustedOrigins?: readonly string[],
) => Promise<string | undefined>

/**
 * Refuses requests that pages of other sites make with the cookie of a session. Call it for requests that a session has authenticated, and for no others: no other site can
 * send the bearer token of a user.
 *
 * 1. GET, HEAD and OPTIONS are allowed, unless they are an upgrade, as to a WebSocket, even where a proxy has removed `Upgrade`. An app must change nothing for them.
 * 2. `Sec-Fetch-Site` and `Origin` decide as for every credential that browsers send by themselves (`ambientCredential`), with `origins` instead of the host.
 * 3. Without both, the origin of `Referer` must be one of `origins`.
 * 4. Without any of the three headers, `X-CSRF-Token` must be a token of the session.
 *
 * A header that is there twice is refused.
 *
 * This is stricter than Go, which allows requests without the first two headers, and compares only the host of `Origin`, with `Host`.
 *
 * Source: W3C Fetch Metadata section 2.3; the Fetch standard, `Origin`; OWASP CSRF Prevention Cheat Sheet; Go `net/http` `CrossOriginProtection`.
 *
 * @param origins those of the app as browsers see them, also behind a proxy.
 * @param requireToken also requires a token of `csrfToken` in the header `X-CSRF-Token`, except of upgrades, to which pages cannot add headers.
 */
export function crossSiteRequests(origins: readonly string[], requireToken: boolean): CrossSiteCheck {
  return async function crossSiteRefusal(request, session, trustedOrigins = []) {
    if (!mayChange(request)) return undefined
    const { method, headers } = request
    const found = requestSite(headers, [...origins, ...trustedOrigins])
    if (found === 'elsewhere') return 'the request comes from a page of another site'
    const needsToken = requireToken && session !== undefined && !opensConnection(method, headers)
    if (found === 'own' && !needsToken) return undefined
    const token = onlyOne(headers, 'x-csrf-token') ?? ''
    if (session !== undefined && (await verifyCsrfToken(session, token))) return undefined
    return found === 'own'
      ? 'the header X-CSRF-Token must be a token of this session'
      : 'the request has none of Sec-Fetch-Site, Origin and Referer, and no token of this session'
  }
}

/** Where a request was made. Only here `Referer` counts too, since a session is of a browser, which the others need not be. */
function requestSite(headers: RequestHeaders, origins: readonly string[]): ReturnType<typeof siteOf> {
  const site = siteOf(headers, origins)
  const referer = site === 'unknown' ? onlyOne(headers, 'referer') : undefined
  if (referer === undefined) return site
  return URL.canParse(referer) && origins.includes(new URL(referer).origin) ? 'own' : 'elsewhere'
}
