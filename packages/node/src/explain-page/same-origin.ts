import type { RequestHeaders } from '@kube-authn/core'

/**
 * Whether a POST comes from a page of this origin. Every browser sends one of the two headers with a POST; a request without them is not
 * from a browser, and refused too.
 *
 * Source: W3C Fetch Metadata, `Sec-Fetch-Site`; the Fetch standard, `Origin`.
 */
export function isSameOrigin(headers: RequestHeaders): boolean {
  const site = headers.first('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const origin = headers.first('origin')
  // Fetch headers, which are not exact, cannot be asked for this name.
  const host = (headers.exact ? headers.first(':authority') : undefined) ?? headers.first('host')
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false
  const url = new URL(origin)
  const own = `${url.protocol}//${host}`
  return URL.canParse(own) && new URL(own).host === url.host
}
