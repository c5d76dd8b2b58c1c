import type { StatusError } from '../../authenticator/status.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import type { RequestAttributes } from '../../authorization/attributes.ts'
import {
  type AuthorizationOutcome,
  type AuthorizeRequestContext,
  type AuthorizeRequestOptions,
  authorizeRequest,
  authorizeRequestShape,
} from '../../authorization/authorize-request.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import { type Guard, guardShape, type UserGuardOptions } from '../../handler/guard/guard.ts'
import {
  groupsGuard,
  scopeGuardShape,
  type ScopeOptions,
  scopesGuard,
  userGuard,
} from '../../handler/guard/guards.ts'
import type { RequiredValues } from '../../handler/guard/requirement.ts'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import {
  aFunction,
  type AnyShape,
  type Check,
  checkOptions,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'
import type { Users } from '../request-states.ts'
import { checkAuthorizerOptions } from './impersonation.ts'

/** Options of an adapter's `authorization`. `R` is the request of the framework, or its context. */
export interface AuthorizationOptionsOf<R> extends Omit<AuthorizeRequestOptions, 'attributes'> {
  /** The attributes of a request. Default: from Kubernetes-style paths; any other path is a non-resource path. */
  readonly attributes?: (request: R) => RequestAttributes
  /** The user of a request. Default: the authenticated user, or the user that it impersonates. */
  readonly user?: (request: R) => UserInfo | undefined
}

/** The checks of an adapter's `authorization`, which also handles refusals. */
export const authorizationShape: OptionsShape<AuthorizationOptionsOf<never>> & { readonly onFailure: Check } =
  {
    ...authorizeRequestShape,
    user: aFunction,
    onFailure: aFunction,
  }

/** Decides about a request of a framework: returns the error to refuse it with, or `undefined`. */
export type DecideOf<R> = (request: R, context: AuthorizeRequestContext) => Awaitable<StatusError | undefined>

type ReadUsers<R> = Pick<Users<R>, 'stateOf' | 'authenticationOf'>

/** What the adapter itself does with a refusal. */
interface AdapterOnly {
  readonly onFailure?: unknown
}

/**
 * The decision of an adapter's `authorization`.
 *
 * @throws {ConfigurationError} if there is no authorizer, or an option is invalid.
 */
export function authorizationOf<R>(
  users: ReadUsers<R>,
  authorizer: Authorizer,
  options: AuthorizationOptionsOf<R> & AdapterOnly,
): DecideOf<R> {
  checkAuthorizerOptions(authorizer, authorizationShape, options)
  const { attributes, user, onFailure: _adapterOnly, ...rest } = options
  const authorize = authorizeRequest(authorizer, rest)

  return (received, context) => {
    const { request, held } = users.stateOf(received)
    if (held !== undefined) return held.failure
    if (attributes !== undefined) Object.assign(context, { attributes: () => attributes(received) })
    const subject = user === undefined ? users.authenticationOf(received)?.user : user(received)
    return andThen(authorize(request, subject, context), failureIn)
  }
}

function failureIn(outcome: AuthorizationOutcome): StatusError | undefined {
  return 'failure' in outcome ? outcome.failure : undefined
}

/** Options of an adapter's `requireUser` and the like. `R` is the request of the framework, or its context. */
export interface RequireOptionsOf<R> extends UserGuardOptions {
  /** The user of a request. Default: the authenticated user, or the user that it impersonates. */
  readonly user?: (request: R) => UserInfo | undefined
}

const ofAdapter = { user: aFunction, onFailure: aFunction }
const requireShape: OptionsShape<RequireOptionsOf<never>> & { readonly onFailure: Check } = {
  ...guardShape,
  ...ofAdapter,
}
const scopesShape = { ...scopeGuardShape, ...ofAdapter }

/** The decision of an adapter's `requireUser`. @throws {ConfigurationError} if an option is invalid. */
export function requireUserOf<R>(
  users: ReadUsers<R>,
  options: RequireOptionsOf<R> & AdapterOnly,
): DecideOf<R> {
  return guardOf(users, requireShape, options, userGuard)
}

/** The decision of an adapter's `requireGroups`. @throws {ConfigurationError} if there is no group, or an option is invalid. */
export function requireGroupsOf<R>(
  users: ReadUsers<R>,
  groups: RequiredValues,
  options: RequireOptionsOf<R> & AdapterOnly,
): DecideOf<R> {
  return guardOf(users, requireShape, options, (rest) => groupsGuard(groups, rest))
}

/** The decision of an adapter's `requireScopes`. @throws {ConfigurationError} if there is no scope, or an option is invalid. */
export function requireScopesOf<R>(
  users: ReadUsers<R>,
  scopes: RequiredValues,
  options: RequireOptionsOf<R> & ScopeOptions & AdapterOnly,
): DecideOf<R> {
  return guardOf(users, scopesShape, options, (rest) => scopesGuard(scopes, rest))
}

function guardOf<R, O extends RequireOptionsOf<R> & AdapterOnly>(
  users: ReadUsers<R>,
  shape: AnyShape,
  options: O,
  guardFor: (options: Omit<O, 'user' | 'onFailure'>) => Guard,
): DecideOf<R> {
  if (typeof options === 'string')
    refuseProblems([
      {
        path: 'options',
        message: "must be an object of options; for several values use { anyOf: ['a', 'b'] }",
      },
    ])
  checkOptions(shape, options)
  const { user, onFailure: _adapterOnly, ...rest } = options
  const guard = guardFor(rest)

  return (received, context) => {
    const { request, held } = users.stateOf(received)
    if (held !== undefined) return held.failure
    const found = user?.(received)
    const caller = user === undefined ? users.authenticationOf(received) : found && { user: found }
    return andThen(guard(request, caller, context), failureIn)
  }
}
