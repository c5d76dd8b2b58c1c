import type { Authorizer } from './authorizer.ts'
import { allow, noOpinion } from './decision.ts'

/** The group that kube-apiserver lets do everything. */
export const MASTERS_GROUP = 'system:masters'

/**
 * Allows everything to the members of these groups, and has no opinion on anybody else. kube-apiserver has it first in its
 * chain, for `system:masters`.
 *
 * Source: apiserver `pkg/authorization/authorizerfactory/builtin.go`.
 *
 * @example
 * const authorizer = unionAuthorizer(privilegedGroups('system:masters'), rbac(policy))
 */
export function privilegedGroups(...groups: readonly string[]): Authorizer {
  const privileged = new Set(groups)
  return {
    name: 'privilegedGroups',
    authorize: ({ user }) => (user.groups.some((group) => privileged.has(group)) ? allow() : noOpinion()),
  }
}
