import type { Authorizer, RuleResolver, UserRules } from './authorizer.ts'
import { allow, noOpinion } from './decision.ts'

/**
 * Allows everything (`--authorization-mode=AlwaysAllow`).
 *
 * Source: apiserver `pkg/authorization/authorizerfactory/builtin.go`.
 */
export function alwaysAllow(): Authorizer & RuleResolver {
  return {
    name: 'alwaysAllow',
    authorize: () => allow(),
    rulesFor: () => EVERYTHING,
  }
}

/**
 * Allows nothing (`--authorization-mode=AlwaysDeny`). As in Kubernetes it has no opinion, so later authorizers are still asked.
 *
 * Source: apiserver `pkg/authorization/authorizerfactory/builtin.go`.
 */
export function alwaysDeny(): Authorizer & RuleResolver {
  return {
    name: 'alwaysDeny',
    authorize: () => noOpinion('Everything is forbidden.'),
    rulesFor: () => NOTHING,
  }
}

export const EVERYTHING: UserRules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
}

export const NOTHING: UserRules = { resourceRules: [], nonResourceRules: [], incomplete: false }
