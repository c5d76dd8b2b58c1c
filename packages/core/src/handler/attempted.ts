import { hasScheme, trimAscii } from '../request/bearer-token.ts'
import { decodeCredentials } from '../request/basic.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/**
 * The message of kube-apiserver's audit log for a refused request: the kinds of credentials in it, valid or not. An `access_token` in the query is only reported, never accepted.
 *
 * @param headers other headers that carry credentials, in lower case; those present are reported by name.
 *
 * Source: apiserver `pkg/endpoints/filters/authn_audit.go`.
 */
export function failedAuthenticationMessage(
  request: AuthenticationRequest,
  headers: readonly string[] = [],
): string {
  const own = headers.filter((name) => request.headers.first(name) !== undefined)
  const methods = [...attemptedMethods(request), ...own]
  return methods.length === 0
    ? 'Authentication failed, no credentials provided'
    : `Authentication failed, attempted: ${methods.join(', ')}`
}

function attemptedMethods(request: AuthenticationRequest): readonly string[] {
  const authorization = request.headers.first('authorization') ?? ''
  const accessToken = new URLSearchParams(request.query).get('access_token') ?? ''
  return [
    ...(hasScheme(authorization, 'basic') && decodeCredentials(authorization.slice(6)) !== undefined
      ? ['basic']
      : []),
    ...(hasScheme(trimAscii(authorization), 'bearer') ? ['bearer'] : []),
    ...(hasScheme(trimAscii(authorization), 'dpop') ? ['dpop'] : []),
    ...(accessToken.trim() === '' ? [] : ['access_token']),
    ...(presentsCertificate(request) ? ['x509'] : []),
  ]
}

function presentsCertificate(request: AuthenticationRequest): boolean {
  try {
    return (request.peerCertificates?.().length ?? 0) > 0
  } catch {
    // The connection is closed, so its certificates are unknown.
    return false
  }
}
