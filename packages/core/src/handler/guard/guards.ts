import { SCOPES_KEY, scopesOf } from '../../authenticator/scopes.ts'
import { isUnauthenticated } from '../../authenticator/user.ts'
import {
  aNonEmptyString,
  type Check,
  must,
  type OptionsShape,
  refuseProblems,
} from '../../internal/options/index.ts'
import { type Guard, guard, type UserGuardOptions, guardShape } from './guard.ts'
import { hasRequired, type RequiredValues, requiredValues, sentenceOf, valuesIn } from './requirement.ts'

/** Lets authenticated users pass: every user but `system:anonymous` and the group `system:unauthenticated`. */
export function userGuard(options: UserGuardOptions): Guard {
  return guard(
    {
      name: 'requireUser',
      isMetBy: (user) => !isUnauthenticated(user),
      reason: 'requires an authenticated user',
    },
    options,
  )
}

/**
 * Lets the members of groups pass. Names are compared exactly.
 *
 * @throws {ConfigurationError} if `groups` is not a group, `{ anyOf }` or `{ allOf }` with at least one.
 */
export function groupsGuard(groups: RequiredValues, options: UserGuardOptions): Guard {
  refuseProblems(someGroups(groups, 'groups'))
  const values = valuesIn(groups)
  const isMet = hasRequired(groups, values)
  return guard(
    {
      name: 'requireGroups',
      isMetBy: (user) => isMet((group) => user.groups.includes(group)),
      reason: `requires ${sentenceOf(groups, values, 'group')}`,
    },
    options,
  )
}

/** Options of scope guards, the same in every adapter. */
export interface ScopeOptions {
  /** The key of `user.extra` with the scopes: each value is a scope, or several with spaces between. Default `scopes`. */
  readonly extraKey?: string
}

/** The checks of the options of scope guards. */
export const scopeGuardShape: OptionsShape<UserGuardOptions & ScopeOptions> = {
  ...guardShape,
  extraKey: aNonEmptyString,
}

/**
 * Lets users with OAuth scopes pass. A refusal has the challenge `Bearer error="insufficient_scope"` with the required scopes.
 *
 * Source: RFC 6750 section 3.1; RFC 6749 section 3.3 (characters of scopes).
 *
 * @throws {ConfigurationError} if `scopes` is not a scope, `{ anyOf }` or `{ allOf }` with at least one.
 */
export function scopesGuard(
  scopes: RequiredValues,
  { extraKey = SCOPES_KEY, ...options }: UserGuardOptions & ScopeOptions,
): Guard {
  refuseProblems(someScopes(scopes, 'scopes'))
  const values = valuesIn(scopes)
  const isMet = hasRequired(scopes, values)
  return guard(
    {
      name: 'requireScopes',
      isMetBy: (user) => {
        const given = scopesOf(user, extraKey)
        return isMet((scope) => given.includes(scope))
      },
      reason: `requires ${sentenceOf(scopes, values, 'scope')}`,
      headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${values.join(' ')}"` },
    },
    options,
  )
}

/** A scope token of RFC 6749 section 3.3. */
const aScope: Check = must(
  'must be a scope: printable ASCII without spaces, quotation marks and backslashes',
  (value) => typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value),
)

const someGroups = requiredValues()
const someScopes = requiredValues(aScope)
