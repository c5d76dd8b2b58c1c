import type { Grant } from './grant.ts'
import type { PolicyRule } from './objects.ts'
import type { RoleRules } from './role-rules.ts'

/** Roles that were listed before are repeated up to this many characters. */
const MAX_REPEATED_LENGTH = 1_048_576

/**
 * The role of every grant, as Kubernetes lists them: a role that several bindings refer to is repeated.
 *
 * Deviation: not more often than to a megabyte, since the rules of a large role could be multiplied by its bindings (`docs/deviations.md`, rules of a user).
 */
export function listedRoles(grants: readonly Grant[]): readonly RoleRules[] {
  const lengths = new Map<RoleRules, number>()
  let repeated = 0
  return grants
    .map(({ role }) => role)
    .filter((role) => {
      const known = lengths.get(role)
      if (known === undefined) {
        lengths.set(role, lengthOf(rulesIn(role)))
        return true
      }
      repeated += known
      return repeated <= MAX_REPEATED_LENGTH
    })
}

/** The rules of a role: none if there is no such role. */
export function rulesIn({ rules }: RoleRules): readonly PolicyRule[] {
  return typeof rules === 'string' ? [] : rules
}

/** About as long as the rules are in JSON. */
function lengthOf(rules: readonly PolicyRule[]): number {
  let length = 0
  for (const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } of rules) {
    length += 64
    for (const values of [verbs, apiGroups, resources, resourceNames, nonResourceURLs]) {
      for (const value of values) length += value.length + 3
    }
  }
  return length
}
