import type { PolicyRule } from '@kube-authn/core/authorization'

/**
 * How many names are looked up in the lists of held rules: some ten milliseconds. A request of a few kilobytes could ask for many more, since a rule has the product of
 * its lists.
 */
const MAX_LOOKUPS = 1_000_000

/** A rule that says nothing. */
export const NO_RULE: PolicyRule = {
  verbs: [],
  apiGroups: [],
  resources: [],
  resourceNames: [],
  nonResourceURLs: [],
}

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
  const work: Work = { lookups: 0 }
  const rules = held.map(heldRule)
  const isHeld = (rule: PolicyRule): boolean =>
    rules.some((each) => !isSpent(work) && rulesCover(each, rule, work))
  const missing: PolicyRule[] = []
  for (const rule of wanted) {
    // As a rule it is held as a whole.
    if (isHeld(rule)) continue
    for (const right of rightsOf(rule)) {
      if (isHeld(right)) continue
      if (isSpent(work) || missing.length > MAX_MISSING) return { missing, isTooLarge: true }
      missing.push(right)
    }
  }
  return { missing, isTooLarge: false }
}

const MAX_MISSING = 10_000

/** What a comparison has done so far. */
interface Work {
  lookups: number
}

function isSpent({ lookups }: Work): boolean {
  return lookups > MAX_LOOKUPS
}

/** A rule in which much is looked up: its lists may be as long as an object. */
interface HeldRule {
  readonly verbs: ReadonlySet<string>
  readonly apiGroups: ReadonlySet<string>
  readonly resources: ReadonlySet<string>
  readonly resourceNames: ReadonlySet<string>
  readonly urls: ReadonlySet<string>
  /** What is before the stars of URLs. */
  readonly urlPrefixes: ReadonlySet<string>
}

function heldRule({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): HeldRule {
  return {
    verbs: new Set(verbs),
    apiGroups: new Set(apiGroups),
    resources: new Set(resources),
    resourceNames: new Set(resourceNames),
    urls: new Set(nonResourceURLs),
    urlPrefixes: new Set(nonResourceURLs.filter((url) => url.endsWith('*')).map(withoutStars)),
  }
}

function withoutStars(url: string): string {
  let end = url.length
  while (end > 0 && url[end - 1] === '*') end--
  return url.slice(0, end)
}

/** The single rights of a rule. */
function* rightsOf(rule: PolicyRule): Generator<PolicyRule, void, undefined> {
  const verbs = new Set(rule.verbs)
  const apiGroups = new Set(rule.apiGroups)
  const resources = new Set(rule.resources)
  const nonResourceURLs = new Set(rule.nonResourceURLs)
  const names =
    rule.resourceNames.length === 0 ? [[]] : [...new Set(rule.resourceNames)].map((name) => [name])
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        for (const name of names) {
          yield { ...NO_RULE, verbs: [verb], apiGroups: [group], resources: [resource], resourceNames: name }
        }
      }
    }
  }
  for (const url of nonResourceURLs) {
    for (const verb of verbs) yield { ...NO_RULE, verbs: [verb], nonResourceURLs: [url] }
  }
}

/** Whether one rule allows everything that another allows. */
function rulesCover(held: HeldRule, wanted: PolicyRule, work: Work): boolean {
  return (
    coversAll(held.verbs, wanted.verbs, work) &&
    coversAll(held.apiGroups, wanted.apiGroups, work) &&
    coversResources(held.resources, wanted.resources, work) &&
    coversNames(held.resourceNames, wanted.resourceNames, work) &&
    wanted.nonResourceURLs.every((url) => coversUrl(held, url, work))
  )
}

function isIn(held: ReadonlySet<string>, wanted: string, work: Work): boolean {
  work.lookups++
  return held.has(wanted)
}

function coversAll(held: ReadonlySet<string>, wanted: readonly string[], work: Work): boolean {
  return isIn(held, '*', work) || wanted.every((each) => isIn(held, each, work))
}

function coversResources(held: ReadonlySet<string>, wanted: readonly string[], work: Work): boolean {
  if (isIn(held, '*', work)) return true
  return wanted.every((each) => {
    const slash = each.indexOf('/')
    return isIn(held, each, work) || (slash >= 0 && isIn(held, `*/${each.slice(slash + 1)}`, work))
  })
}

/** No names are all names. */
function coversNames(held: ReadonlySet<string>, wanted: readonly string[], work: Work): boolean {
  if (held.size === 0) return true
  return wanted.length > 0 && wanted.every((each) => isIn(held, each, work))
}

function coversUrl({ urls, urlPrefixes }: HeldRule, wanted: string, work: Work): boolean {
  if (isIn(urls, wanted, work)) return true
  for (const prefix of urlPrefixes) {
    work.lookups++
    if (isSpent(work)) return false
    if (wanted.startsWith(prefix)) return true
  }
  return false
}
