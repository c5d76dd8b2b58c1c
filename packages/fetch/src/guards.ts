import type { Awaitable } from '@kube-authn/core'
import { aFunction, type OptionsShape } from '@kube-authn/core/adapter'
import {
  type AnyShape,
  type DecideOf,
  guardShape,
  optionProblems,
  refuseProblems,
  type RequiredValues,
  requireGroupsOf,
  requireScopesOf,
  requireUserOf,
  scopeGuardShape,
  type ScopeOptions,
  type UserGuardOptions,
} from '@kube-authn/core/internal'
import { contextOf, type Handler } from './context.ts'
import { answer, type FailureOptions } from './failure.ts'
import { clientOf, type RequestState, stateOf, users } from './state.ts'

/** Options of {@link requireUser} and {@link requireGroups}. */
export interface RequireOptions<Req extends Request = Request, Rest extends readonly unknown[] = []>
  extends UserGuardOptions, FailureOptions<Req, Rest> {}

/** Options of {@link requireScopes}. */
export interface RequireScopesOptions<Req extends Request = Request, Rest extends readonly unknown[] = []>
  extends RequireOptions<Req, Rest>, ScopeOptions {}

const shape: OptionsShape<RequireOptions> = { ...guardShape, onFailure: aFunction }
const scopesShape: OptionsShape<RequireScopesOptions> = { ...scopeGuardShape, onFailure: aFunction }

/**
 * Wraps a handler of `withAuthentication`, so that it is called for authenticated users; a request of `system:anonymous` is a 401 with the challenges
 * of the authenticator. For routes where `withAuthentication` is `optional`.
 *
 * @typeParam Req the class of the request.
 * @typeParam Rest the further arguments.
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * export const GET = withAuthentication(authenticator, requireUser((request, { user }) => show(user)), { optional: true })
 */
export function requireUser<Req extends Request = Request, Rest extends readonly unknown[] = []>(
  handler: Handler<Req, Rest, Awaitable<Response>>,
  options: RequireOptions<Req, Rest> = {},
): Handler<Req, Rest, Promise<Response>> {
  return guarded(shape, handler, options, () => requireUserOf(users, options))
}

/**
 * Wraps a handler of `withAuthentication`, so that it is called for users in a group; all others get a 403 that names the groups, or a 401 without a
 * credential.
 *
 * @typeParam Req the class of the request.
 * @typeParam Rest the further arguments.
 * @param groups one group, or `{ anyOf: [...] }` or `{ allOf: [...] }`. Names are compared exactly.
 * @throws {ConfigurationError} if there is no group, or an option is invalid.
 * @example
 * export const DELETE = withAuthentication(authenticator, requireGroups('admins', deleteOrder))
 */
export function requireGroups<Req extends Request = Request, Rest extends readonly unknown[] = []>(
  groups: RequiredValues,
  handler: Handler<Req, Rest, Awaitable<Response>>,
  options: RequireOptions<Req, Rest> = {},
): Handler<Req, Rest, Promise<Response>> {
  return guarded(shape, handler, options, () => requireGroupsOf(users, groups, options))
}

/**
 * Wraps a handler of `withAuthentication`, so that it is called for requests with OAuth scopes; all others get a 403 with the challenge
 * `insufficient_scope` (RFC 6750 section 3.1), or a 401 without a credential. The scopes of a user are the extra `scopes`: `oidc` sets it with the
 * option `scopesClaim`, a front proxy with `X-Remote-Extra-Scopes`.
 *
 * @typeParam Req the class of the request.
 * @typeParam Rest the further arguments.
 * @param scopes one scope, or `{ anyOf: [...] }` or `{ allOf: [...] }`.
 * @throws {ConfigurationError} if there is no scope, or an option is invalid.
 * @example
 * export const POST = withAuthentication(authenticator, requireScopes('orders:write', createOrder))
 */
export function requireScopes<Req extends Request = Request, Rest extends readonly unknown[] = []>(
  scopes: RequiredValues,
  handler: Handler<Req, Rest, Awaitable<Response>>,
  options: RequireScopesOptions<Req, Rest> = {},
): Handler<Req, Rest, Promise<Response>> {
  return guarded(scopesShape, handler, options, () => requireScopesOf(users, scopes, options))
}

function guarded<Req extends Request, Rest extends readonly unknown[]>(
  ownShape: AnyShape,
  handler: Handler<Req, Rest, Awaitable<Response>>,
  options: RequireOptions<Req, Rest>,
  decideBy: () => DecideOf<RequestState>,
): Handler<Req, Rest, Promise<Response>> {
  refuseProblems(aFunction(handler, 'handler'), optionProblems(ownShape, options))
  const decide = decideBy()
  const { onFailure = answer } = options

  return async function guardedHandler(request, _context, ...further) {
    const state = stateOf(request, further)
    const failure = await decide(state, clientOf(state))
    return failure === undefined
      ? handler(request, contextOf(state), ...further)
      : onFailure(failure, request, ...further)
  }
}
