import type { Authentication, UserInfo } from '@kube-authn/core'
import { aBoolean, listOf, type OptionsShape, type StatusError } from '@kube-authn/core/adapter'
import { impersonationHeaders, MASTERS_GROUP } from '@kube-authn/core/authorization'
import { AUTHENTICATED_GROUP, isUnauthenticated, must } from '@kube-authn/core/internal'
import { forbidden, unauthorized } from './failures.ts'
import type { Header } from './node-types.ts'

/** Which users requests to the upstream are made for. */
export interface ActingOptions {
  /** Users in one of these groups are refused, besides those in `system:masters`. Each is the name of a group. Default: no others. */
  readonly refusedGroups?: readonly string[]
  /** Act for users in `system:masters`, which the RBAC of the upstream cannot limit. Default `false`: they are a 403. */
  readonly allowMasters?: boolean
  /** Act for anonymous users, as `system:anonymous`. Default `false`: they are a 401. */
  readonly allowAnonymous?: boolean
}

export const actingShape: OptionsShape<ActingOptions> = {
  refusedGroups: listOf(
    must(
      'must be the name of a group, without *',
      (value) => typeof value === 'string' && value !== '' && !value.includes('*'),
    ),
  ),
  allowMasters: aBoolean,
  allowAnonymous: aBoolean,
}

/** How a user is told to the upstream, and which users are not. */
export interface ActingRules {
  /** The groups whose users are refused. */
  readonly refusedGroups: ReadonlySet<string>
  readonly allowAnonymous: boolean
  /** `impersonate`: by `Impersonate-*` headers. `token`: by the user's own token. */
  readonly mode: 'impersonate' | 'token'
}

export function actingRules(
  { refusedGroups = [], allowMasters = false, allowAnonymous = false }: ActingOptions,
  mode: ActingRules['mode'],
): ActingRules {
  const refused = allowMasters ? refusedGroups : [MASTERS_GROUP, ...refusedGroups]
  return { refusedGroups: new Set(refused), allowAnonymous, mode }
}

/**
 * The headers by which the upstream acts as a user: one for each group and each value. A user that headers cannot carry in full is refused, since it
 * would be another one.
 *
 * `system:authenticated` is left out where the upstream adds it, so that no right to impersonate it is needed.
 *
 * Source: apiserver `pkg/endpoints/filters/impersonation`.
 *
 * @returns the refusal, if no requests are made for this user.
 */
export function actingHeaders(
  { user, requester }: Pick<Authentication, 'user' | 'requester'>,
  { refusedGroups, allowAnonymous, mode }: ActingRules,
): readonly Header[] | StatusError {
  if (!allowAnonymous && [user, requester ?? user].some(isUnauthenticated)) return unauthorized()
  const refused = user.groups.find((group) => refusedGroups.has(group))
  if (refused !== undefined) return forbidden(`users in the group ${refused} do not pass this proxy`)
  // With the token of the user, the upstream decides about impersonation by the rights of the user.
  if (mode === 'token' && requester === undefined) return []
  try {
    return impersonationHeaders(withoutAdded(user))
  } catch {
    return forbidden('the name, a group, the uid or an extra field of the user cannot be sent in a header')
  }
}

function withoutAdded(user: UserInfo): UserInfo {
  const { username, uid, groups, extra } = user
  const others = groups.filter((group) => group !== AUTHENTICATED_GROUP)
  if (others.length === groups.length) return user
  // Without any group the upstream gives a service account those of its namespace.
  const isAlone = others.length === 0 && username.startsWith('system:serviceaccount:')
  return isAlone ? user : { username, uid, groups: others, extra }
}
