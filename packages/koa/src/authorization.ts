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
import type { Middleware, ParameterizedContext } from 'koa'
import { answer, type FailureOptions } from './failure.ts'
import { type AuthenticationState, users } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions extends AuthorizationOptionsOf<ParameterizedContext>, FailureOptions {}

/**
 * Authorizes requests: continues if the authorizer allows the user to make the request; otherwise responds with 403 and what was refused.
 *
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * app.use(authorization(authorizer, { attributes: (ctx) => ({ verb: 'get', resource: 'invoices', path: ctx.path }) }))
 */
export function authorization(
  authorizer: Authorizer,
  options: AuthorizationOptions = {},
): Middleware<AuthenticationState> {
  const authorize = authorizationOf<ParameterizedContext>(users, authorizer, options)
  const { onFailure = answer } = options

  return async function authorizationMiddleware(ctx, next) {
    const failure = await authorize(ctx, clientContext(ctx.req, ctx.res))
    if (failure === undefined) await next()
    else await onFailure(failure, ctx, next)
  }
}

/** Options of {@link requireUser} and {@link requireGroups}. */
export interface RequireOptions extends RequireOptionsOf<ParameterizedContext>, FailureOptions {}

/** Options of {@link requireScopes}. */
export interface RequireScopesOptions extends RequireOptions, ScopeOptions {}

/**
 * Lets requests of authenticated users pass; a request of `system:anonymous` is a 401 with the challenges of the authenticator. For routes where
 * `authentication` is `optional`. After it `ctx.state.user` is typed in a chain.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.use(authentication(authenticator, { optional: true }))
 * router.get('/account', requireUser(), (ctx) => { ctx.body = ctx.state.user.username })
 */
export function requireUser(options: RequireOptions = {}): Middleware<AuthenticationState> {
  return guarded(requireUserOf(users, options), options)
}

/**
 * Lets requests of users in a group pass; all others are a 403 that names the groups, or a 401 without a credential.
 *
 * @param groups one group, or `{ anyOf: [...] }` or `{ allOf: [...] }`. Names are compared exactly.
 * @throws {ConfigurationError} if there is no group, or an option is invalid.
 * @example
 * router.delete('/orders/:id', requireGroups({ anyOf: ['admins', 'support'] }), deleteOrder)
 */
export function requireGroups(
  groups: RequiredValues,
  options: RequireOptions = {},
): Middleware<AuthenticationState> {
  return guarded(requireGroupsOf(users, groups, options), options)
}

/**
 * Lets requests with OAuth scopes pass; all others are a 403 with the challenge `insufficient_scope` (RFC 6750 section 3.1), or a 401 without a
 * credential. The scopes of a user are the extra `scopes`: `oidc` sets it with the option `scopesClaim`, a front proxy with `X-Remote-Extra-Scopes`.
 *
 * @param scopes one scope, or `{ anyOf: [...] }` or `{ allOf: [...] }`.
 * @throws {ConfigurationError} if there is no scope, or an option is invalid.
 * @example
 * router.post('/orders', requireScopes('orders:write'), createOrder)
 */
export function requireScopes(
  scopes: RequiredValues,
  options: RequireScopesOptions = {},
): Middleware<AuthenticationState> {
  return guarded(requireScopesOf(users, scopes, options), options)
}

function guarded(
  decide: DecideOf<ParameterizedContext>,
  { onFailure = answer }: FailureOptions,
): Middleware<AuthenticationState> {
  return async function guardMiddleware(ctx, next) {
    const failure = await decide(ctx, clientContext(ctx.req, ctx.res))
    if (failure === undefined) await next()
    else await onFailure(failure, ctx, next)
  }
}
