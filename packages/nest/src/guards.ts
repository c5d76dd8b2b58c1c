import { aFunction, checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import {
  guardShape,
  type RequiredValues,
  scopeGuardShape,
  type ScopeOptions,
  type UserGuardOptions,
} from '@kube-authn/core/internal'
import {
  type Middleware,
  requireGroups as groups,
  requireScopes as scopes,
  requireUser as user,
} from '@kube-authn/express'
import type { CanActivate } from '@nestjs/common'
import { type FailureOptions, guardOf, passRefusal } from './guard.ts'

/** Options of {@link requireUser} and {@link requireGroups}. */
export interface RequireOptions extends UserGuardOptions, FailureOptions {}

/** Options of {@link requireScopes}. */
export interface RequireScopesOptions extends RequireOptions, ScopeOptions {}

const shape: OptionsShape<RequireOptions> = { ...guardShape, onFailure: aFunction }
const scopesShape: OptionsShape<RequireScopesOptions> = { ...scopeGuardShape, onFailure: aFunction }

/**
 * A guard that lets requests of authenticated users pass; a request of `system:anonymous` is a 401 with the challenges of the authenticator. For
 * routes where `authenticationGuard` is `optional`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * @UseGuards(requireUser())
 */
export function requireUser(options: RequireOptions = {}): CanActivate {
  checkOptions(shape, options)
  return guarded(options, user)
}

/**
 * A guard that lets requests of users in a group pass; all others are a 403 that names the groups, or a 401 without a credential.
 *
 * @param required one group, or `{ anyOf: [...] }` or `{ allOf: [...] }`. Names are compared exactly.
 * @throws {ConfigurationError} if there is no group, or an option is invalid.
 * @example
 * @UseGuards(requireGroups({ anyOf: ['admins', 'support'] }))
 */
export function requireGroups(required: RequiredValues, options: RequireOptions = {}): CanActivate {
  checkOptions(shape, options)
  return guarded(options, (rest) => groups(required, rest))
}

/**
 * A guard that lets requests with OAuth scopes pass; all others are a 403 with the challenge `insufficient_scope` (RFC 6750 section 3.1), or a 401
 * without a credential. The scopes of a user are the extra `scopes`: `oidc` sets it with the option `scopesClaim`, a front proxy with
 * `X-Remote-Extra-Scopes`.
 *
 * @param required one scope, or `{ anyOf: [...] }` or `{ allOf: [...] }`.
 * @throws {ConfigurationError} if there is no scope, or an option is invalid.
 * @example
 * @UseGuards(requireScopes('orders:write'))
 */
export function requireScopes(required: RequiredValues, options: RequireScopesOptions = {}): CanActivate {
  checkOptions(scopesShape, options)
  return guarded(options, (rest) => scopes(required, rest))
}

function guarded<O extends RequireOptions>(
  options: O,
  middlewareFor: (options: O & { readonly onFailure: typeof passRefusal }) => Middleware,
): CanActivate {
  return guardOf(middlewareFor({ ...options, onFailure: passRefusal }), options)
}
