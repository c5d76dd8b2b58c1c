import { byCodeUnits } from '../../internal/compare.ts'
import { selects } from './label-selector.ts'
import type { ClusterRole, PolicyRule } from './objects.ts'

/**
 * The rules of every ClusterRole, by name. A role with an aggregation rule has, instead of its own rules, those of all other roles that its
 * selectors match: selector by selector, with the roles of each sorted by name, without duplicate rules. Selected roles may be aggregated
 * themselves; roles that select each other contribute only the rules of the other roles they select.
 *
 * Source: kubernetes `pkg/controller/clusterroleaggregation`.
 */
export function effectiveRules(roles: readonly ClusterRole[]): ReadonlyMap<string, readonly PolicyRule[]> {
  const byName = [...roles].toSorted((a, b) => byCodeUnits(a.name, b.name))
  return new Map(
    roles.map((role) => [role.name, role.aggregation === undefined ? role.rules : aggregated(role, byName)]),
  )
}

function aggregated(role: ClusterRole, byName: readonly ClusterRole[]): readonly PolicyRule[] {
  const rules = new Map<string, PolicyRule>()
  const seen = new Set([role])

  const collect = (selecting: ClusterRole): void => {
    for (const selector of selecting.aggregation ?? []) {
      for (const candidate of byName) {
        if (seen.has(candidate) || !selects(selector, candidate.labels)) continue
        seen.add(candidate)
        if (candidate.aggregation !== undefined) collect(candidate)
        else for (const rule of candidate.rules) rules.set(JSON.stringify(rule), rule)
      }
    }
  }

  collect(role)
  return [...rules.values()]
}
