import { clientContext } from '@kube-authn/core/adapter'
import {
  authorizationOf,
  type AuthorizationOptionsOf,
  type DecideOf,
  type RequiredValues,
  requireGroupsOf,
  type RequireOptionsOf,
  requireScopesOf,
  requireUserOf,
  type ScopeOptions,
} from '@kube-authn/core/internal'
import type { Authorizer } from '@kube-authn/core/authorization'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { type FailureOptions, nextUnless, refuser } from './failure.ts'
import { hookFor } from './plugin.ts'
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

  return hookFor('authorization', function authorizationHook(request, reply, next) {
    nextUnless(authorize(request, clientContext(request.raw, reply.raw)), refuse, request, reply, next)
  })
}

/** Options of {@link requireUser} and {@link requireGroups}. */
export interface RequireOptions extends RequireOptionsOf<FastifyRequest>, FailureOptions {}

/** Options of {@link requireScopes}. */
export interface RequireScopesOptions extends RequireOptions, ScopeOptions {}

/**
 * A hook that lets requests of authenticated users pass; a request of `system:anonymous` is a 401 with the challenges of the authenticator. For
 * routes where `authentication` is `optional`. In the handler, `getUser(request)` is the user.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.get('/account', { onRequest: requireUser() }, (request) => getUser(request).username)
 */
export function requireUser(options: RequireOptions = {}): onRequestHookHandler {
  return guarded('requireUser', requireUserOf(users, options), options)
}

/**
 * A hook that lets requests of users in a group pass; all others are a 403 that names the groups, or a 401 without a credential.
 *
 * @param groups one group, or `{ anyOf: [...] }` or `{ allOf: [...] }`. Names are compared exactly.
 * @throws {ConfigurationError} if there is no group, or an option is invalid.
 * @example
 * app.delete('/orders/:id', { onRequest: requireGroups({ anyOf: ['admins', 'support'] }) }, deleteOrder)
 */
export function requireGroups(groups: RequiredValues, options: RequireOptions = {}): onRequestHookHandler {
  return guarded('requireGroups', requireGroupsOf(users, groups, options), options)
}

/**
 * A hook that lets requests with OAuth scopes pass; all others are a 403 with the challenge `insufficient_scope` (RFC 6750 section 3.1), or a 401
 * without a credential. The scopes of a user are the extra `scopes`: `oidc` sets it with the option `scopesClaim`, a front proxy with
 * `X-Remote-Extra-Scopes`.
 *
 * @param scopes one scope, or `{ anyOf: [...] }` or `{ allOf: [...] }`.
 * @throws {ConfigurationError} if there is no scope, or an option is invalid.
 * @example
 * app.post('/orders', { onRequest: requireScopes('orders:write') }, createOrder)
 */
export function requireScopes(
  scopes: RequiredValues,
  options: RequireScopesOptions = {},
): onRequestHookHandler {
  return guarded('requireScopes', requireScopesOf(users, scopes, options), options)
}

function guarded(
  name: string,
  decide: DecideOf<FastifyRequest>,
  options: FailureOptions,
): onRequestHookHandler {
  const refuse = refuser(options)
  return hookFor(name, function guardHook(request, reply, next) {
    nextUnless(decide(request, clientContext(request.raw, reply.raw)), refuse, request, reply, next)
  })
}
