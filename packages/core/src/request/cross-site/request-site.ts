import type { AuthenticationRequest, RequestHeaders } from '../request.ts'

/** Where a request was made: by the user or a page of this app (`own`), by a page of another site (`elsewhere`), or by a client that does not say so. */
export type RequestSite = 'own' | 'elsewhere' | 'unknown'

/**
 * Where a request was made, as browsers say it.
 *
 * 1. `Sec-Fetch-Site` decides if it is there: `same-origin` and `none` (the user, not a page) are own. Others are if `Origin` is one of `trusted`.
 * 2. Otherwise `Origin` must be one of `trusted`, or that of the `host`.
 * 3. Without both it is unknown: clients that are no browsers send neither.
 *
 * A header that is there twice is from elsewhere: no browser sends it.
 *
 * Source: W3C Fetch Metadata section 2.3; the Fetch standard, `Origin`; Go `net/http` `CrossOriginProtection`.
 *
 * @param trusted origins as browsers send them.
 * @param host the one that the client asked for, with its port. Absent: only `trusted` counts.
 */
export function siteOf(headers: RequestHeaders, trusted: readonly string[], host?: string): RequestSite {
  const site = onlyOne(headers, 'sec-fetch-site')
  const origin = onlyOne(headers, 'origin')
  if (site === 'same-origin' || site === 'none') return 'own'
  if (site === undefined && origin === undefined) return 'unknown'
  if (origin !== undefined && trusted.includes(origin)) return 'own'
  return site === undefined && origin !== undefined && isOfHost(origin, host) ? 'own' : 'elsewhere'
}

/** Whether an origin is of a host, by the scheme of the origin: that of the request is unknown where a proxy terminates TLS. */
function isOfHost(origin: string, host: string | undefined): boolean {
  const [scheme] = /^https?:\/\//.exec(origin) ?? []
  if (scheme === undefined || host === undefined) return false
  // Some proxies add the port of the scheme.
  return URL.canParse(scheme + host) && new URL(scheme + host).origin === origin
}

/** The host that a client asked for, with its port, as `Origin` has it. */
export function hostOf(request: Pick<AuthenticationRequest, 'headers' | 'host'>): string | undefined {
  const { headers } = request
  // Headers of Fetch, which are not exact, cannot be asked for this name of HTTP/2.
  const authority = headers.exact ? onlyOne(headers, ':authority') : undefined
  return request.host?.() ?? authority ?? onlyOne(headers, 'host')
}

/** Whether a request may change something: any but GET, HEAD and OPTIONS, or one that opens a connection. */
export function mayChange({ method, headers }: Pick<AuthenticationRequest, 'method' | 'headers'>): boolean {
  return !SAFE.has(method) || opensConnection(method, headers)
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whether a request opens a connection such as a WebSocket. CONNECT does so over HTTP/2 (RFC 8441). nginx removes `Upgrade` when it asks about a request, so the other headers of a
 * WebSocket count too: no page can set them in another request.
 */
export function opensConnection(method: string, headers: RequestHeaders): boolean {
  return (
    method === 'CONNECT' ||
    headers.first('sec-fetch-mode') === 'websocket' ||
    OF_UPGRADES.some((name) => headers.first(name) !== undefined)
  )
}

const OF_UPGRADES = ['upgrade', 'sec-websocket-key', 'sec-websocket-version']

/** The value of a header; one that no browser sends if there are several. */
export function onlyOne(headers: RequestHeaders, name: string): string | undefined {
  const values = headers.all(name)
  return values.length > 1 ? SEVERAL : values[0]
}

const SEVERAL = 'several'
