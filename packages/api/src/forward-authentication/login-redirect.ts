import type { AuthenticationRequest } from '@kube-authn/core'
import type { HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import type { OriginalTarget } from './original-request.ts'

/**
 * The refusal, or the way to a login for a browser that opens a page without a user. A script gets the refusal: it would follow a redirect to a page that it cannot use. So does
 * a client that sent a credential of its own, and a form, whose content would be lost.
 */
export function withLogin(
  refusal: StatusError,
  { headers }: AuthenticationRequest,
  { method, target }: OriginalTarget,
  {
    loginUrl,
    returnParameter,
    status,
  }: { readonly loginUrl: string; readonly returnParameter: string; readonly status: number },
): HttpAnswer {
  if (refusal.status !== 401 || method !== 'GET' || !opensPage(headers)) return refusal
  const separator = loginUrl.includes('?') ? '&' : '?'
  const location = `${loginUrl}${separator}${returnParameter}=${encodeURIComponent(target)}`
  const { 'www-authenticate': _challenge, ...rest } = refusal.headers
  return { status, headers: { ...rest, location }, content: refusal.content }
}

/** Source: W3C Fetch Metadata Request Headers; browsers without it ask for HTML. */
function opensPage(headers: AuthenticationRequest['headers']): boolean {
  if (headers.first('authorization') !== undefined) return false
  const mode = headers.first('sec-fetch-mode')
  if (mode !== undefined) return mode === 'navigate' && headers.first('sec-fetch-dest') === 'document'
  return (
    headers.first('x-requested-with') === undefined &&
    /(?:^|[\s,])text\/html/.test(headers.first('accept') ?? '')
  )
}
