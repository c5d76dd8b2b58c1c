import type { Authorizer, RuleResolver } from './authorizer.ts'
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
    rulesFor: () => ({
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    }),
  }
}

/**
 * Allows nothing (`--authorization-mode=AlwaysDeny`). As in Kubernetes that is no opinion, so it does not end a chain.
 *
 * Source: apiserver `pkg/authorization/authorizerfactory/builtin.go`.
 */
export function alwaysDeny(): Authorizer & RuleResolver {
  return {
    name: 'alwaysDeny',
    authorize: () => noOpinion('Everything is forbidden.'),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
  }
}
