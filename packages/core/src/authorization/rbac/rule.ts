import type { Attributes } from '../attributes.ts'
import type { PolicyRule } from './objects.ts'

/** The {@link Attributes} that a rule depends on. */
export type RuleQuestion = Omit<Attributes, 'user' | 'namespace' | 'apiVersion'>

/** Strings to look for one of them: a set if there are many. */
type Strings = readonly string[] | Set<string>

/** A {@link PolicyRule} that takes no longer to search if its lists are longer: only URLs, which are patterns, are compared one by one. */
export interface SearchableRule {
  readonly verbs: Strings
  readonly apiGroups: Strings
  readonly resources: Strings
  readonly resourceNames: Strings
  readonly nonResourceURLs: readonly string[]
}

/** Fewer strings than this are compared one by one, which is faster. */
const MIN_SET = 16

/** Whether a rule has lists that are too long to be compared one by one. Any other is searchable as it is. */
export function isLong({ verbs, apiGroups, resources, resourceNames }: PolicyRule): boolean {
  return Math.max(verbs.length, apiGroups.length, resources.length, resourceNames.length) >= MIN_SET
}

/** The same rule, with sets in place of long lists. */
export function searchable(rule: PolicyRule): SearchableRule {
  return {
    verbs: stringsOf(rule.verbs),
    apiGroups: stringsOf(rule.apiGroups),
    resources: stringsOf(rule.resources),
    resourceNames: stringsOf(rule.resourceNames),
    nonResourceURLs: rule.nonResourceURLs,
  }
}

function stringsOf(values: readonly string[]): Strings {
  return values.length < MIN_SET ? values : new Set(values)
}

/**
 * Whether a rule allows a request. Names are compared exactly, including letter case; the API version is ignored.
 *
 * Source: kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go` RuleAllows, `pkg/apis/rbac/v1/evaluation_helpers.go`.
 */
export function ruleAllows(rule: SearchableRule, question: RuleQuestion): boolean {
  if (!hasOrAny(rule.verbs, question.verb)) return false
  if (!question.resourceRequest) return rule.nonResourceURLs.some((url) => urlMatches(url, question.path))
  const { resourceNames: names } = rule
  const isAnyName = (names instanceof Set ? names.size : names.length) === 0
  return (
    hasOrAny(rule.apiGroups, question.apiGroup) &&
    resourceMatches(rule.resources, question.resource, question.subresource) &&
    (isAnyName || has(names, question.name))
  )
}

function has(values: Strings, value: string): boolean {
  if (values instanceof Set) return values.has(value)
  for (const each of values) if (each === value) return true
  return false
}

function hasOrAny(values: Strings, value: string): boolean {
  if (values instanceof Set) return values.has(value) || values.has('*')
  for (const each of values) if (each === value || each === '*') return true
  return false
}

function resourceMatches(resources: Strings, resource: string, subresource: string): boolean {
  if (subresource === '') return hasOrAny(resources, resource)
  return hasOrAny(resources, `${resource}/${subresource}`) || has(resources, `*/${subresource}`)
}

function urlMatches(url: string, path: string): boolean {
  if (url === '*' || url === path) return true
  return url.endsWith('*') && path.startsWith(withoutStars(url))
}

function withoutStars(url: string): string {
  let end = url.length
  while (end > 0 && url[end - 1] === '*') end--
  return url.slice(0, end)
}
