import type { Authentication, UserInfo } from '@kube-authn/core'
import type { StatusError } from '@kube-authn/core/adapter'
import { impersonationHeaders } from '@kube-authn/core/authorization'
import { AUTHENTICATED_GROUP, isUnauthenticated } from '@kube-authn/core/internal'
import { forbidden, unauthorized } from './failures.ts'
import type { Header } from './node-types.ts'

/** Which users a proxy acts for. */
export interface ActingOptions {
  readonly refusedGroups: ReadonlySet<string>
  readonly allowAnonymous: boolean
}

/** Why the proxy does not act for a user; `undefined` if it does. */
export function refusedUser(
  { user, requester }: Authentication,
  { refusedGroups, allowAnonymous }: ActingOptions,
): StatusError | undefined {
  if (
    !allowAnonymous &&
    (isUnauthenticated(user) || (requester !== undefined && isUnauthenticated(requester)))
  ) {
    return unauthorized()
  }
  const refused = user.groups.find((group) => refusedGroups.has(group))
  return refused === undefined ? undefined : forbidden(`users in the group ${refused} do not pass this proxy`)
}

/**
 * The headers by which the upstream acts as a user: one for each group and each value. A user that headers cannot carry in full is refused, since it
 * would be another one.
 *
 * `system:authenticated` is left out where the upstream adds it, so that the proxy needs no right to impersonate it.
 *
 * Source: apiserver `pkg/endpoints/filters/impersonation`.
 */
export function actingAs(user: UserInfo): readonly Header[] | StatusError {
  try {
    return impersonationHeaders(withoutAdded(user))
  } catch {
    return forbidden('the name, a group, the uid or an extra field of the user cannot be sent in a header')
  }
}

function withoutAdded(user: UserInfo): UserInfo {
  const { username, uid, groups, extra } = user
  const others: string[] = []
  for (const group of groups) if (group !== AUTHENTICATED_GROUP) others.push(group)
  if (others.length === groups.length) return user
  // Without any group the upstream gives a service account those of its namespace.
  const isAlone = others.length === 0 && username.startsWith('system:serviceaccount:')
  return isAlone ? user : { username, uid, groups: others, extra }
}
