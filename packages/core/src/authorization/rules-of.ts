import type { UserInfo } from '../authenticator/user.ts'
import type { Authorizer, NonResourceRule, ResourceRule, RuleResolver, UserRules } from './authorizer.ts'
import { aggregateText } from './aggregate-errors.ts'
import { asAuthorizationError } from './errors.ts'

/**
 * The rules of an authorizer for a user in a namespace. If the authorizer cannot list rules, or fails, the result is `incomplete` with an
 * `evaluationError`.
 *
 * Source: apiserver `pkg/authorization/authorizer/rule.go`.
 */
export function rulesOf(authorizer: Authorizer, user: UserInfo, namespace: string): UserRules {
  if (!isRuleResolver(authorizer)) {
    return nothingButAnError(`${authorizer.name} authorizer does not support user rule resolution`)
  }
  try {
    return authorizer.rulesFor(user, namespace)
  } catch (thrown) {
    return nothingButAnError(asAuthorizationError(thrown).message)
  }
}

/** The rules of several authorizers together. Source: apiserver `pkg/authorization/union/union.go`. */
export function rulesOfAll(authorizers: readonly Authorizer[], user: UserInfo, namespace: string): UserRules {
  const resourceRules: ResourceRule[] = []
  const nonResourceRules: NonResourceRule[] = []
  const errors: string[] = []
  let incomplete = false
  for (const authorizer of authorizers) {
    const rules = rulesOf(authorizer, user, namespace)
    for (const rule of rules.resourceRules) resourceRules.push(rule)
    for (const rule of rules.nonResourceRules) nonResourceRules.push(rule)
    if (rules.evaluationError !== undefined) errors.push(rules.evaluationError)
    incomplete ||= rules.incomplete
  }
  const evaluationError = errors.length > 0 && { evaluationError: aggregateText(errors) }
  return { resourceRules, nonResourceRules, incomplete, ...evaluationError }
}

function isRuleResolver(authorizer: Authorizer): authorizer is Authorizer & RuleResolver {
  return 'rulesFor' in authorizer && typeof authorizer.rulesFor === 'function'
}

function nothingButAnError(evaluationError: string): UserRules {
  return { resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError }
}
