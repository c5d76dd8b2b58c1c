import type { Authenticator } from '@kube-authn/core'
import { type OptionsShape, warningHeaders } from '@kube-authn/core/adapter'
import {
  type AuthenticateRequestOptions,
  authenticationShape,
  nodeAuthentication,
} from '@kube-authn/core/internal'
import { impersonationFollows } from './impersonation-follows.ts'
import { type FailureOptions, type Middleware, proceedWith, refuser, respond } from './middleware.ts'
import { users } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

const shape: OptionsShape<AuthenticationOptions> = authenticationShape

/**
 * Authenticates requests: sets `req.user` and the result of `getUser(req)`, or responds with 401.
 *
 * The headers that carried the credential are removed from the request.
 *
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide
 *   them.
 * @example
 * app.use(authentication(authenticator))
 * app.get('/', (req, res) => res.send(`Hello ${getUser(req).username}`))
 */
export function authentication(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): Middleware {
  const authenticate = nodeAuthentication(users, authenticator, shape, options)
  const refuse = refuser(options)
  const { onFailure } = options

  return function authenticationMiddleware(req, res, next) {
    const deciding = authenticate(req, req, res, () => impersonationFollows(req, authenticationMiddleware))
    proceedWith(
      deciding,
      (outcome) => {
        if ('failure' in outcome) {
          // The error is made only for those who ask for it.
          if (onFailure === undefined) respond(outcome.answer, req, res, next)
          else refuse(outcome.failure, req, res, next)
          return
        }
        for (const value of warningHeaders(outcome.warnings)) res.appendHeader('Warning', value)
        next()
      },
      next,
    )
  }
}
