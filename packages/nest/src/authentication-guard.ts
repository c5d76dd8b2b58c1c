import {
  aRequestAuthenticator,
  type AuthenticateRequestOptions,
  authenticationShape,
  optionProblems,
  refuseProblems,
} from '@kube-authn/core/internal'
import type { Authenticator } from '@kube-authn/core'
import { authentication } from '@kube-authn/express'
import type { CanActivate } from '@nestjs/common'
import { type FailureOptions, guardOf, passRefusal } from './guard.ts'

/** Options of {@link authenticationGuard}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

/**
 * A guard that authenticates requests, on Express and on Fastify: the user is the value of `@User()` and `request.user`; other requests are a 401.
 *
 * The headers that carried the credential are removed from the request. Guards run after Nest's middleware, and after body parsers.
 *
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide
 *   them.
 * @example
 * app.useGlobalGuards(authenticationGuard(authenticator))
 */
export function authenticationGuard(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): CanActivate {
  refuseProblems(
    aRequestAuthenticator(authenticator, 'authenticator'),
    optionProblems(authenticationShape, options),
  )
  return guardOf(authentication(authenticator, { ...options, onFailure: passRefusal }), options)
}
