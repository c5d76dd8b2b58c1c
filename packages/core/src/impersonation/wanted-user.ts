import { dns1123LabelProblems, dns1123SubdomainProblems } from '../internal/field/names.ts'
import {
  ANONYMOUS_USERNAME,
  AUTHENTICATED_GROUP,
  ownedExtra,
  UNAUTHENTICATED_GROUP,
  userInfo,
  type UserInfo,
} from '../authenticator/user.ts'

/** Who a request wants to act as: what its headers say, and nothing else. */
export interface WantedUser {
  readonly username: string
  /** `''` when there is none. */
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: ReadonlyMap<string, readonly string[]>
}

/** A service account, by the name of its user. */
export interface ServiceAccountName {
  readonly namespace: string
  readonly name: string
}

const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:'
const NODE_PREFIX = 'system:node:'

/**
 * The service account that has this user name. A name that only starts like one is an ordinary user's.
 *
 * Source: apiserver `pkg/authentication/serviceaccount/util.go`.
 */
export function serviceAccountNamed(username: string): ServiceAccountName | undefined {
  if (!username.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined
  const [namespace = '', name = '', ...more] = username.slice(SERVICE_ACCOUNT_PREFIX.length).split(':', 3)
  const isRight =
    more.length === 0 &&
    dns1123LabelProblems(namespace).length === 0 &&
    dns1123SubdomainProblems(name).length === 0
  return isRight ? { namespace, name } : undefined
}

/** The node that has this user name. */
export function nodeNamed(username: string): string | undefined {
  if (!username.startsWith(NODE_PREFIX)) return undefined
  const name = username.slice(NODE_PREFIX.length)
  return dns1123SubdomainProblems(name).length === 0 ? name : undefined
}

/**
 * The user that the application sees. Nothing of the requester is left. Without a group a service account has its own groups;
 * everybody gets `system:authenticated`, and `system:anonymous` gets `system:unauthenticated`.
 *
 * @param groups in place of those in the headers.
 */
export function impersonatedUser(wanted: WantedUser, groups: readonly string[] = groupsOf(wanted)): UserInfo {
  const { username, uid } = wanted
  const all = withImpliedGroup(username, groups)
  if (wanted.extra.size === 0) return userInfo({ username, uid, groups: all })
  const extra = Object.create(null) as Record<string, readonly string[]>
  for (const [key, values] of wanted.extra) extra[key] = [...values]
  return userInfo({ username, uid, groups: all, extra: ownedExtra(extra) })
}

function groupsOf(wanted: WantedUser): readonly string[] {
  if (wanted.groups.length > 0) return wanted.groups
  const serviceAccount = serviceAccountNamed(wanted.username)
  if (serviceAccount === undefined) return []
  return ['system:serviceaccounts', `system:serviceaccounts:${serviceAccount.namespace}`]
}

function withImpliedGroup(username: string, groups: readonly string[]): readonly string[] {
  if (username === ANONYMOUS_USERNAME) {
    return groups.includes(UNAUTHENTICATED_GROUP) ? groups : withGroup(groups, UNAUTHENTICATED_GROUP)
  }
  const isDecided = groups.includes(AUTHENTICATED_GROUP) || groups.includes(UNAUTHENTICATED_GROUP)
  return isDecided ? groups : withGroup(groups, AUTHENTICATED_GROUP)
}

/** Frozen, so that it is not copied once more. */
function withGroup(groups: readonly string[], group: string): readonly string[] {
  return Object.freeze([...groups, group])
}
