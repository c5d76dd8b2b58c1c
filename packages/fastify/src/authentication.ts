import type { Authenticator } from '@kube-authn/core'
import { type OptionsShape, warningHeaders } from '@kube-authn/core/adapter'
import {
  type AuthenticateRequestOptions,
  authenticationShape,
  nodeAuthentication,
} from '@kube-authn/core/internal'
import type { FastifyPluginCallback } from 'fastify'
import { type FailureOptions, proceedWith, refuser } from './failure.ts'
import { pluginFor } from './plugin.ts'
import { impersonatesInScopeOf, users } from './state.ts'

/** Options of {@link authentication}. */
export interface AuthenticationOptions extends AuthenticateRequestOptions, FailureOptions {}

const shape: OptionsShape<AuthenticationOptions> = authenticationShape

/**
 * A plugin that authenticates the requests of the scope in which it is registered, and of its inner scopes: it sets `request.user` and the result of
 * `getUser(request)`, or responds with 401. It does so in `onRequest`, before the body is read.
 *
 * The headers that carried the credential are removed from the request.
 *
 * @throws {ConfigurationError} if an option is invalid, or the authenticator needs the certificates of TLS peers and the runtime does not provide
 *   them.
 * @example
 * await app.register(authentication(authenticator))
 * app.get('/', (request) => `Hello ${getUser(request).username}`)
 */
export function authentication(
  authenticator: Authenticator,
  options: AuthenticationOptions = {},
): FastifyPluginCallback {
  const authenticate = nodeAuthentication(users, authenticator, shape, options)
  const refuse = refuser(options)

  return pluginFor('authentication', (app) => {
    if (!app.hasRequestDecorator('user')) app.decorateRequest('user')
    app.addHook('onRequest', function authenticationHook(request, reply, next) {
      proceedWith(
        authenticate(request, request.raw, reply.raw, () => impersonatesInScopeOf(request)),
        (outcome) => {
          if ('failure' in outcome) {
            refuse(outcome.failure, request, reply, next)
            return
          }
          // On Node's response, whose headers Fastify keeps for every answer, also one that a handler sends itself.
          for (const value of warningHeaders(outcome.warnings)) reply.raw.appendHeader('Warning', value)
          next()
        },
        next,
      )
    })
  })
}
