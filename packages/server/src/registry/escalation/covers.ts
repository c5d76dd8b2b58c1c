import type { PolicyRule } from '@kube-authn/core/internal'

/**
 * How many comparisons of a right with a rule are made: some hundred milliseconds. A request of a few kilobytes could ask for many more, since a rule has the product of
 * its lists.
 */
const MAX_COMPARISONS = 1_000_000

/** Rights that are held or not: some of one rule, or of one part of it. */
export interface Coverage {
  /** What is not held: rules with one verb, one group, one resource and at most one name each, or one verb and one URL. */
  readonly missing: readonly PolicyRule[]
  /** Whether there was too much to compare: then the rest counts as missing, and is not in `missing`. */
  readonly isTooLarge: boolean
}

/**
 * Which of the `wanted` rights someone with the `held` ones does not have. Each right must be covered by one rule.
 *
 * Source: kubernetes component-helpers `auth/rbac/validation/policy_comparator.go`.
 *
 * Deviation: rules with very many rights are not compared to the end (`docs/deviations.md`, rights of a role).
 */
export function coverage(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): Coverage {
  const missing: PolicyRule[] = []
  let comparisons = 0
  for (const rule of wanted) {
    // As a rule it is held as a whole.
    if (held.some((each) => rulesCover(each, rule))) continue
    for (const right of rightsOf(rule)) {
      let isHeld = false
      for (const each of held) {
        comparisons++
        isHeld = rulesCover(each, right)
        if (isHeld) break
      }
      if (isHeld) continue
      if (comparisons > MAX_COMPARISONS || missing.length > MAX_MISSING) return { missing, isTooLarge: true }
      missing.push(right)
    }
    if (comparisons > MAX_COMPARISONS) return { missing, isTooLarge: true }
  }
  return { missing, isTooLarge: false }
}

const MAX_MISSING = 10_000

/** The single rights of a rule. */
function* rightsOf(rule: PolicyRule): Generator<PolicyRule, void, undefined> {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule
  const names = resourceNames.length === 0 ? [[]] : resourceNames.map((name) => [name])
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        for (const name of names) {
          yield {
            verbs: [verb],
            apiGroups: [group],
            resources: [resource],
            resourceNames: name,
            nonResourceURLs: [],
          }
        }
      }
    }
  }
  for (const url of nonResourceURLs) {
    for (const verb of verbs) {
      yield { verbs: [verb], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [url] }
    }
  }
}

/** Whether one rule allows everything that another allows. */
function rulesCover(held: PolicyRule, wanted: PolicyRule): boolean {
  return (
    coversAll(held.verbs, wanted.verbs) &&
    coversAll(held.apiGroups, wanted.apiGroups) &&
    wanted.resources.every((each) => coversResource(held.resources, each)) &&
    coversNames(held.resourceNames, wanted.resourceNames) &&
    wanted.nonResourceURLs.every((url) => held.nonResourceURLs.some((each) => coversUrl(each, url)))
  )
}

function coversAll(held: readonly string[], wanted: readonly string[]): boolean {
  return held.includes('*') || wanted.every((each) => held.includes(each))
}

function coversResource(held: readonly string[], wanted: string): boolean {
  if (held.includes('*') || held.includes(wanted)) return true
  const slash = wanted.indexOf('/')
  return slash >= 0 && held.includes(`*/${wanted.slice(slash + 1)}`)
}

/** No names are all names. */
function coversNames(held: readonly string[], wanted: readonly string[]): boolean {
  if (held.length === 0) return true
  return wanted.length > 0 && wanted.every((each) => held.includes(each))
}

function coversUrl(held: string, wanted: string): boolean {
  return held === wanted || (held.endsWith('*') && wanted.startsWith(held.replace(/\*+$/, '')))
}
