import { byCodeUnits } from '../../internal/compare.ts'
import type { ClusterRole, LabelSelector, LabelSelectorRequirement, PolicyRule } from './objects.ts'

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

export function selects(selector: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  for (const [key, value] of selector.matchLabels) if (labels.get(key) !== value) return false
  return selector.matchExpressions.every((requirement) => holds(requirement, labels))
}

function holds(requirement: LabelSelectorRequirement, labels: ReadonlyMap<string, string>): boolean {
  const value = labels.get(requirement.key)
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value)
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
