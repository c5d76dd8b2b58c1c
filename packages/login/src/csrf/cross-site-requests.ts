import type { AuthenticationRequest, RequestHeaders } from '@kube-authn/core'
import {
  aBoolean,
  checkOptions,
  must,
  nonEmptyListOf,
  type OptionsShape,
  required,
} from '@kube-authn/core/internal/shared'
import type { Session } from '../sessions/session-keeper.ts'
import { verifyCsrfToken } from './csrf-token.ts'

/** Options of {@link crossSiteRequests}. */
export interface CrossSiteRequestsOptions {
  /** The origins of the app as browsers see them, also behind a proxy, and others whose pages may act for its users: `https://app.example.com`. */
  readonly origins: readonly string[]
  /** Also requires a token of `csrfToken` in the header `X-CSRF-Token`, except of upgrades, to which pages cannot add headers. Default `false`. */
  readonly requireToken?: boolean
}

const shape: OptionsShape<CrossSiteRequestsOptions> = {
  origins: required(
    nonEmptyListOf(
      must(
        'must be an origin as browsers send it, such as https://app.example.com',
        (value) => typeof value === 'string' && isOrigin(value),
      ),
    ),
  ),
  requireToken: aBoolean,
}

/**
 * Why a request must be refused with a 403, for the log; `undefined` if it may be handled.
 *
 * @param session the one that authenticated the request; `undefined` if a request without one must not come from another site either.
 */
export type CrossSiteCheck = (
  request: Pick<AuthenticationRequest, 'method' | 'headers'>,
  session: Pick<Session, 'id'> | undefined,
) => Promise<string | undefined>

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses requests that pages of other sites make with the cookie of a session. Call it for requests that a session has authenticated, and for no others: no other site can
 * send the bearer token of a user.
 *
 * 1. GET, HEAD and OPTIONS are allowed, unless they are an upgrade, as to a WebSocket, also where a proxy has removed `Upgrade`. An app must change nothing for them.
 * 2. `Sec-Fetch-Site` decides if it is there: `same-origin` and `none` (the user, not a page) are allowed. Others are, if `Origin` is one of `origins`.
 * 3. Otherwise `Origin` must be one of `origins`, or, if it is absent, the origin of `Referer`.
 * 4. Without any of the three headers, `X-CSRF-Token` must be a token of the session.
 *
 * A header that is there twice is refused.
 *
 * This is stricter than Go, which allows requests without the first two headers, and compares only the host of `Origin`, with `Host`.
 *
 * Source: W3C Fetch Metadata section 2.3; the Fetch standard, `Origin`; OWASP CSRF Prevention Cheat Sheet; Go `net/http` `CrossOriginProtection`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const refusalOf = crossSiteRequests({ origins: ['https://app.example.com'] })
 */
export function crossSiteRequests(options: CrossSiteRequestsOptions): CrossSiteCheck {
  checkOptions(shape, options)
  const { requireToken = false } = options
  const origins = new Set(options.origins)

  return async function refusalOf({ method, headers }, session) {
    const isUpgrade = opensConnection(method, headers)
    if (SAFE.has(method) && !isUpgrade) return undefined
    const found = placeOf(headers, origins)
    if (found === 'elsewhere') return 'the request comes from a page of another site'
    if (found === 'own' && (isUpgrade || !requireToken || session === undefined)) return undefined
    const token = onlyOne(headers, 'x-csrf-token') ?? ''
    if (session !== undefined && (await verifyCsrfToken(session, token))) return undefined
    return found === 'own'
      ? 'the header X-CSRF-Token has no token of this session'
      : 'the request has none of Sec-Fetch-Site, Origin and Referer, and no token of this session'
  }
}

/**
 * Whether a request opens a connection such as a WebSocket. CONNECT does so over HTTP/2 (RFC 8441). nginx removes `Upgrade` when it asks about a request, so the other headers of a
 * WebSocket count too: no page can set them in another request.
 */
function opensConnection(method: string, headers: RequestHeaders): boolean {
  return (
    method === 'CONNECT' ||
    headers.first('sec-fetch-mode') === 'websocket' ||
    OF_UPGRADES.some((name) => headers.first(name) !== undefined)
  )
}

const OF_UPGRADES = ['upgrade', 'sec-websocket-key', 'sec-websocket-version']

/** Where a request was made. */
function placeOf(headers: RequestHeaders, origins: ReadonlySet<string>): 'own' | 'elsewhere' | 'unknown' {
  const site = onlyOne(headers, 'sec-fetch-site')
  const origin = onlyOne(headers, 'origin')
  const isOwn = origin !== undefined && origins.has(origin)
  if (site !== undefined) return site === 'same-origin' || site === 'none' || isOwn ? 'own' : 'elsewhere'
  if (origin !== undefined) return isOwn ? 'own' : 'elsewhere'
  const referer = onlyOne(headers, 'referer')
  if (referer === undefined) return 'unknown'
  return URL.canParse(referer) && origins.has(new URL(referer).origin) ? 'own' : 'elsewhere'
}

/** The value of a header; one that no browser sends if there are several. */
function onlyOne(headers: RequestHeaders, name: string): string | undefined {
  const values = headers.all(name)
  return values.length > 1 ? SEVERAL : values[0]
}

const SEVERAL = 'several'

/** A URL may have `*` in its host, which means nothing here. */
function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value && !value.includes('*')
}
