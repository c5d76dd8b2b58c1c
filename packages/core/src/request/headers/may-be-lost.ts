import { type AuthenticationError, rejected } from '../../authenticator/errors.ts'

/**
 * Why a trusted proxy is not believed where a header of its request may have been left out unseen (`RequestHeaders.complete`): the user
 * would lose groups, or be another one that the request names. One object for all, since it says nothing about the request.
 *
 * Deviation: kube-apiserver has no such server (`docs/deviations.md`, HTTP/2 fields).
 */
export const headerOfProxyMayBeLost: AuthenticationError = Object.freeze(
  rejected(
    'over HTTP/2 this server may lose a header of the proxy unseen: let the proxy use HTTP/1.1, ' +
      'or make the server with http2ServerOptions or tlsServerOptions of @kube-authn/node on Node 22.17, 24.2 or later',
    // A proxy with a token of its own would act as itself.
    { isFinal: true },
  ),
)
