import type { Attributes } from '../attributes.ts'
import type { PolicyRule } from './objects.ts'

/** The {@link Attributes} that a rule depends on. */
export type RuleQuestion = Omit<Attributes, 'user' | 'namespace' | 'apiVersion'>

/**
 * Whether a rule allows a request. Names are compared exactly, including letter case; the API version is ignored.
 *
 * Source: kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go` RuleAllows, `pkg/apis/rbac/v1/evaluation_helpers.go`.
 */
export function ruleAllows(rule: PolicyRule, question: RuleQuestion): boolean {
  if (!includesOrAny(rule.verbs, question.verb)) return false
  if (!question.resourceRequest) return rule.nonResourceURLs.some((url) => urlMatches(url, question.path))
  return (
    includesOrAny(rule.apiGroups, question.apiGroup) &&
    resourceMatches(rule.resources, question.resource, question.subresource) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(question.name))
  )
}

function includesOrAny(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value)
}

function resourceMatches(resources: readonly string[], resource: string, subresource: string): boolean {
  if (resources.includes('*')) return true
  if (subresource === '') return resources.includes(resource)
  return resources.includes(`${resource}/${subresource}`) || resources.includes(`*/${subresource}`)
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
