import type { IncomingMessage } from 'node:http'
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
import { type FailureOptions, type Middleware, nextUnless, refuser } from './middleware.ts'
import { users } from './state.ts'

/** Options of {@link authorization}. */
export interface AuthorizationOptions<Req extends IncomingMessage = IncomingMessage>
  extends AuthorizationOptionsOf<Req>, FailureOptions {}

/**
 * Authorizes requests: continues if the authorizer allows the user to make the request; otherwise responds with 403 and what was refused.
 *
 * @throws {ConfigurationError} if there is no authorizer.
 * @example
 * const attributes = (req: Request) => ({ verb: 'get', resource: 'invoices', name: req.params['id'] ?? '' })
 * app.get('/invoices/:id', authorization(authorizer, { attributes }), showInvoice)
 */
export function authorization<Req extends IncomingMessage = IncomingMessage>(
  authorizer: Authorizer,
  options: AuthorizationOptions<Req> = {},
): Middleware<Req> {
  const authorize = authorizationOf<Req>(users, authorizer, options)
  const refuse = refuser(options)

  return function authorizationMiddleware(req, res, next) {
    nextUnless(authorize(req, clientContext(req, res)), refuse, req, res, next)
  }
}

/** Options of {@link requireUser} and {@link requireGroups}. */
export interface RequireOptions<Req extends IncomingMessage = IncomingMessage>
  extends RequireOptionsOf<Req>, FailureOptions {}

/** Options of {@link requireScopes}. */
export interface RequireScopesOptions<Req extends IncomingMessage = IncomingMessage>
  extends RequireOptions<Req>, ScopeOptions {}

/**
 * Lets requests of authenticated users pass; a request of `system:anonymous` is a 401 with the challenges of the authenticator. For routes where
 * `authentication` is `optional`. In the handler, `getUser(req)` is the user.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * app.use(authentication(authenticator, { optional: true }))
 * app.get('/account', requireUser(), (req, res) => res.send(getUser(req).username))
 */
export function requireUser<Req extends IncomingMessage = IncomingMessage>(
  options: RequireOptions<Req> = {},
): Middleware<Req> {
  return guarded(requireUserOf<Req>(users, options), options)
}

/**
 * Lets requests of users in a group pass; all others are a 403 that names the groups, or a 401 without a credential.
 *
 * @param groups one group, or `{ anyOf: [...] }` or `{ allOf: [...] }`. Names are compared exactly.
 * @throws {ConfigurationError} if there is no group, or an option is invalid.
 * @example
 * app.delete('/orders/:id', requireGroups({ anyOf: ['admins', 'support'] }), deleteOrder)
 */
export function requireGroups<Req extends IncomingMessage = IncomingMessage>(
  groups: RequiredValues,
  options: RequireOptions<Req> = {},
): Middleware<Req> {
  return guarded(requireGroupsOf<Req>(users, groups, options), options)
}

/**
 * Lets requests with OAuth scopes pass; all others are a 403 with the challenge `insufficient_scope` (RFC 6750 section 3.1), or a 401 without a
 * credential. The scopes of a user are the extra `scopes`: `oidc` sets it with the option `scopesClaim`, a front proxy with `X-Remote-Extra-Scopes`.
 *
 * @param scopes one scope, or `{ anyOf: [...] }` or `{ allOf: [...] }`.
 * @throws {ConfigurationError} if there is no scope, or an option is invalid.
 * @example
 * app.post('/orders', requireScopes('orders:write'), createOrder)
 */
export function requireScopes<Req extends IncomingMessage = IncomingMessage>(
  scopes: RequiredValues,
  options: RequireScopesOptions<Req> = {},
): Middleware<Req> {
  return guarded(requireScopesOf<Req>(users, scopes, options), options)
}

function guarded<Req extends IncomingMessage>(
  decide: DecideOf<Req>,
  options: FailureOptions,
): Middleware<Req> {
  const refuse = refuser(options)
  return function guardMiddleware(req, res, next) {
    nextUnless(decide(req, clientContext(req, res)), refuse, req, res, next)
  }
}
