import type { AuditedTarget, AuditRuling } from '../policy.ts'
import type { AuditStage } from '@kube-authn/core/internal'
import type { UserInfo } from '@kube-authn/core'
import type { AuditGroupResources, AuditPolicyRule } from './decode.ts'

export interface CompiledRule {
  readonly ruling: AuditRuling
  matches(user: RequestUser, target: () => AuditedTarget): boolean
}

/** The user who makes a request; `undefined` if unknown. */
export type RequestUser = Pick<UserInfo, 'username' | 'groups'> | undefined

/**
 * Compiles a rule.
 *
 * Source: apiserver `pkg/audit/policy/checker.go`.
 */
export function compiledRule(rule: AuditPolicyRule, omitStages: readonly string[]): CompiledRule {
  const users = new Set(rule.users)
  const groups = new Set(rule.userGroups)
  const verbs = new Set(rule.verbs)
  const matchesTarget = targetMatcher(rule)
  return {
    ruling: {
      level: rule.level === 'None' ? 'None' : 'Metadata',
      omitStages: new Set([...omitStages, ...rule.omitStages].filter(isStage)),
    },
    matches(user, target) {
      if (users.size > 0 && (user === undefined || !users.has(user.username))) return false
      if (groups.size > 0 && !(user?.groups.some((group) => groups.has(group)) ?? false)) return false
      if (verbs.size > 0 && !verbs.has(target().verb)) return false
      return matchesTarget === undefined || matchesTarget(target())
    },
  }
}

function targetMatcher({
  namespaces,
  resources,
  nonResourceURLs,
}: AuditPolicyRule): ((target: AuditedTarget) => boolean) | undefined {
  if (namespaces.length > 0 || resources.length > 0) {
    const inNamespaces = new Set(namespaces)
    const matchers = resources.map(resourceMatcher)
    return (target) =>
      target.resourceRequest &&
      (inNamespaces.size === 0 || inNamespaces.has(target.namespace)) &&
      (matchers.length === 0 || matchers.some((matches) => matches(target)))
  }
  if (nonResourceURLs.length === 0) return undefined
  return ({ resourceRequest, path }) =>
    !resourceRequest && nonResourceURLs.some((pattern) => isPathOf(pattern, path))
}

function isPathOf(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)))
}

function resourceMatcher({ group, resources, resourceNames }: AuditGroupResources) {
  const names = new Set(resourceNames)
  const patterns = new Set(resources)
  return (target: AuditedTarget): boolean => {
    if (group !== '*' && group !== target.apiGroup) return false
    if (patterns.size === 0) return true
    if (names.size > 0 && !names.has(target.name)) return false
    const { resource, subresource } = target
    if (patterns.has('*') || patterns.has(`${resource}/*`)) return true
    if (subresource === '') return patterns.has(resource)
    return patterns.has(`${resource}/${subresource}`) || patterns.has(`*/${subresource}`)
  }
}

function isStage(stage: string): stage is AuditStage {
  // Nothing is logged at the stage `Panic`.
  return stage !== 'Panic'
}
