import { clientContext } from '@kube-authn/core/adapter'
import { authorizationOf, type AuthorizationOptionsOf } from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { type FailureOptions, nextUnless, refuser } from './failure.ts'
import { users } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions extends AuthorizationOptionsOf<FastifyRequest>, FailureOptions {}

/**
 * A hook that authorizes requests: it continues if the authorizer allows the user to make the request; otherwise it responds with 403 and what was
 * refused. For a route, or with `addHook` for a scope.
 *
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * app.addHook('onRequest', authorization(authorizer))
 */
export function authorization(
  authorizer: Authorizer,
  options: AuthorizationOptions = {},
): onRequestHookHandler {
  const authorize = authorizationOf<FastifyRequest>(users, authorizer, options)
  const refuse = refuser(options)

  return function authorizationHook(request, reply, next) {
    nextUnless(authorize(request, clientContext(request.raw, reply.raw)), refuse, request, reply, next)
  }
}
