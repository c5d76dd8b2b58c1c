import type { AuthenticationRequest } from '@kube-authn/core'
import type { HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import { isAuthenticationError } from '@kube-authn/core/internal'
import { failurePage } from './pages/pages.ts'
import { redirect } from './pages/page.ts'
import { safeReturnUrl } from './return-url.ts'

/** The used part of a refused request. */
export type RefusedRequest = Pick<AuthenticationRequest, 'method' | 'path' | 'query' | 'headers'>

/**
 * The response to a refused request: a browser that opens a page is sent to the login, and a script gets the refusal with the URL of the login in its JSON
 * (`loginUrl`).
 *
 * @param error the refusal of `authentication` or of a guard. One with another status than 401 stays as it is.
 */
export async function loginRequired(
  error: StatusError,
  request: RefusedRequest,
  { origin, loginPath }: { readonly origin: string; readonly loginPath: string },
): Promise<HttpAnswer> {
  if (error.status !== 401) return error
  const isUnavailable = isAuthenticationError(error.cause) && error.cause.code === 'unavailable'
  const { path, query } = request
  const here = safeReturnUrl(query === '' ? path : `${path}?${query}`, origin)
  const loginUrl =
    here === undefined ? loginPath : `${loginPath}?${String(new URLSearchParams({ returnTo: here }))}`
  if (isNavigation(request))
    return isUnavailable ? failurePage('unavailable', here ?? '/', []) : redirect(origin + loginUrl)
  return {
    status: error.status,
    headers: { ...error.headers, 'cache-control': 'no-store' },
    content: JSON.stringify({ ...error.body, ...(!isUnavailable && { loginUrl }) }),
  }
}

/** Whether a browser opens a page. Source: W3C Fetch Metadata section 2.2; without it, what browsers accept of pages (RFC 9110 section 12.5.1). */
export function isNavigation({ method, headers }: RefusedRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const mode = headers.first('sec-fetch-mode')
  if (mode !== undefined) return mode === 'navigate'
  if (headers.first('x-requested-with') !== undefined) return false
  return (headers.first('accept') ?? '').toLowerCase().includes('text/html')
}
