import { type AuthenticationError, rejected } from '../../authenticator/errors.ts'

/**
 * The error for a request of a trusted proxy that may have silently lost a header (`RequestHeaders.complete`): the user could lose groups,
 * or be another user that the request names.
 *
 * Deviation: Go's HTTP server does not lose headers (`docs/deviations.md`, HTTP/2 fields).
 */
export function headerOfProxyMayBeLost(): AuthenticationError {
  return rejected(
    'over HTTP/2 this server may silently lose a header of the proxy: let the proxy use HTTP/1.1, ' +
      'or make the server with http2ServerOptions or tlsServerOptions of @kube-authn/node on Node 22.17, 24.2 or later',
    // Otherwise a proxy that also sends its own token would act as itself.
    { isFinal: true },
  )
}
