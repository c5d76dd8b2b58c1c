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
import type { Context, MiddlewareHandler } from 'hono'
import { clientOf } from './client.ts'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationEnv, users } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions extends AuthorizationOptionsOf<Context>, FailureOptions {}

/**
 * Authorizes requests: continues if the authorizer allows the user to make the request; otherwise responds with 403 and what was refused.
 *
 * @typeParam E the environment of an app with its own bindings or variables.
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * const attributes = (c: Context) => ({ verb: 'get', resource: 'invoices', name: c.req.param('id') ?? '' })
 * app.get('/invoices/:id', authorization(authorizer, { attributes }), showInvoice)
 */
export function authorization<E extends AuthenticationEnv = AuthenticationEnv>(
  authorizer: Authorizer,
  options: AuthorizationOptions = {},
): MiddlewareHandler<E> {
  const authorize = authorizationOf<Context>(users, authorizer, options)
  const { onFailure = answer } = options

  const middleware: MiddlewareHandler = async function authorizationMiddleware(c, next) {
    const failure = await authorize(c, clientOf(c))
    return failure === undefined ? next() : onFailure(failure, c, next)
  }
  return middleware
}

/** Options of {@link requireUser} and {@link requireGroups}. */
export interface RequireOptions extends RequireOptionsOf<Context>, FailureOptions {}

/** Options of {@link requireScopes}. */
export interface RequireScopesOptions extends RequireOptions, ScopeOptions {}

/**
 * Lets requests of authenticated users pass; a request of `system:anonymous` is a 401 with the challenges of the authenticator. For routes where
 * `authentication` is `optional`. After it `c.var.user` is typed in its route.
 *
 * @typeParam E the environment of an app with its own bindings or variables.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.use(authentication(authenticator, { optional: true }))
 * app.get('/account', requireUser(), (c) => c.text(c.var.user.username))
 */
export function requireUser<E extends AuthenticationEnv = AuthenticationEnv>(
  options: RequireOptions = {},
): MiddlewareHandler<E> {
  return guarded(requireUserOf(users, options), options)
}

/**
 * Lets requests of users in a group pass; all others are a 403 that names the groups, or a 401 without a credential.
 *
 * @typeParam E the environment of an app with its own bindings or variables.
 * @param groups one group, or `{ anyOf: [...] }` or `{ allOf: [...] }`. Names are compared exactly.
 * @throws {ConfigurationError} if there is no group, or an option is invalid.
 * @example
 * app.delete('/orders/:id', requireGroups({ anyOf: ['admins', 'support'] }), deleteOrder)
 */
export function requireGroups<E extends AuthenticationEnv = AuthenticationEnv>(
  groups: RequiredValues,
  options: RequireOptions = {},
): MiddlewareHandler<E> {
  return guarded(requireGroupsOf(users, groups, options), options)
}

/**
 * Lets requests with OAuth scopes pass; all others are a 403 with the challenge `insufficient_scope` (RFC 6750 section 3.1), or a 401 without a
 * credential. The scopes of a user are the extra `scopes`: `oidc` sets it with the option `scopesClaim`, a front proxy with `X-Remote-Extra-Scopes`.
 *
 * @typeParam E the environment of an app with its own bindings or variables.
 * @param scopes one scope, or `{ anyOf: [...] }` or `{ allOf: [...] }`.
 * @throws {ConfigurationError} if there is no scope, or an option is invalid.
 * @example
 * app.post('/orders', requireScopes('orders:write'), createOrder)
 */
export function requireScopes<E extends AuthenticationEnv = AuthenticationEnv>(
  scopes: RequiredValues,
  options: RequireScopesOptions = {},
): MiddlewareHandler<E> {
  return guarded(requireScopesOf(users, scopes, options), options)
}

function guarded(decide: DecideOf<Context>, { onFailure = answer }: FailureOptions): MiddlewareHandler {
  return async function guardMiddleware(c, next) {
    const failure = await decide(c, clientOf(c))
    return failure === undefined ? next() : onFailure(failure, c, next)
  }
}
