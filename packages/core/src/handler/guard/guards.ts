import { SCOPES_KEY, scopesOf } from '../../authenticator/extra-keys.ts'
import { isUnauthenticated } from '../../authenticator/user.ts'
import { aNonEmptyString, type OptionsShape, refuseProblems } from '../../internal/options/index.ts'
import { aQuotableUrl, aScope } from '../authenticate-request-options.ts'
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
  /** The URL of the metadata of this resource, in the challenge (RFC 9728 section 5.1). Default: none. */
  readonly resourceMetadataUrl?: string
}

/** The checks of the options of scope guards. */
export const scopeGuardShape: OptionsShape<UserGuardOptions & ScopeOptions> = {
  ...guardShape,
  extraKey: aNonEmptyString,
  resourceMetadataUrl: aQuotableUrl,
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
  { extraKey = SCOPES_KEY, resourceMetadataUrl, ...options }: UserGuardOptions & ScopeOptions,
): Guard {
  refuseProblems(someScopes(scopes, 'scopes'))
  const values = valuesIn(scopes)
  const isMet = hasRequired(scopes, values)
  const metadata = resourceMetadataUrl === undefined ? '' : `, resource_metadata="${resourceMetadataUrl}"`
  const challenge = `Bearer error="insufficient_scope", scope="${values.join(' ')}"${metadata}`
  return guard(
    {
      name: 'requireScopes',
      isMetBy: (user) => {
        const given = scopesOf(user, extraKey)
        return isMet((scope) => given.includes(scope))
      },
      reason: `requires ${sentenceOf(scopes, values, 'scope')}`,
      headers: { 'www-authenticate': challenge },
    },
    options,
  )
}

const someGroups = requiredValues()
const someScopes = requiredValues(aScope)
