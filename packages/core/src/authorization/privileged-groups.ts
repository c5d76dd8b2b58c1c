import { EVERYTHING, NOTHING } from './always.ts'
import type { Authorizer, RuleResolver } from './authorizer.ts'
import { allow, noOpinion } from './decision.ts'
import { aNonEmptyString, refuseProblems } from '../internal/options/index.ts'
import type { UserInfo } from '../authenticator/user.ts'

/** The group that kube-apiserver allows everything. */
export const MASTERS_GROUP = 'system:masters'

/**
 * Allows everything to members of these groups, and has no opinion on other users. kube-apiserver has it first in its chain, for
 * `system:masters`.
 *
 * Source: apiserver `pkg/authorization/authorizerfactory/builtin.go`.
 *
 * Deviation: it lists its rules (`docs/deviations.md`, rules of system:masters).
 *
 * @throws {ConfigurationError} when a group is not a non-empty string.
 * @example
 * const authorizer = unionAuthorizer(privilegedGroups('system:masters'), rbac(policy))
 */
export function privilegedGroups(...groups: readonly string[]): Authorizer & RuleResolver {
  refuseProblems(groups.flatMap((group, index) => aNonEmptyString(group, `groups[${index}]`)))
  const privileged = new Set(groups)
  const isMember = (user: UserInfo): boolean => user.groups.some((group) => privileged.has(group))
  return {
    name: 'privilegedGroups',
    authorize: ({ user }) => (isMember(user) ? allow() : noOpinion()),
    rulesFor: (user) => (isMember(user) ? EVERYTHING : NOTHING),
  }
}
