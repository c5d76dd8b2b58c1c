import { serviceAccountGroups, serviceAccountNamed } from '../authenticator/service-account-name.ts'
import { dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import {
  ANONYMOUS_USERNAME,
  AUTHENTICATED_GROUP,
  UNAUTHENTICATED_GROUP,
  userInfo,
  type UserInfo,
} from '../authenticator/user.ts'

/** The user that a request wants to impersonate, as in its headers. */
export interface WantedUser {
  readonly username: string
  /** `''` if there is none. */
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: ReadonlyMap<string, readonly string[]>
}

const NODE_PREFIX = 'system:node:'

/** Parses the user name of a node; `undefined` if it is not a valid one. */
export function nodeNamed(username: string): string | undefined {
  if (!username.startsWith(NODE_PREFIX)) return undefined
  const name = username.slice(NODE_PREFIX.length)
  return dns1123SubdomainProblems(name).length === 0 ? name : undefined
}

/**
 * The user that the application sees, with nothing of the requester. A service account without groups gets its default groups;
 * `system:anonymous` gets `system:unauthenticated`, all other users get `system:authenticated`.
 *
 * @param groups replaces the groups in the headers.
 */
export function impersonatedUser(wanted: WantedUser, groups: readonly string[] = groupsOf(wanted)): UserInfo {
  const { username, uid } = wanted
  const all = withImpliedGroup(username, groups)
  if (wanted.extra.size === 0) return userInfo({ username, uid, groups: all })
  const extra = Object.create(null) as Record<string, readonly string[]>
  for (const [key, values] of wanted.extra) extra[key] = [...values]
  return userInfo({ username, uid, groups: all, extra })
}

function groupsOf(wanted: WantedUser): readonly string[] {
  if (wanted.groups.length > 0) return wanted.groups
  const serviceAccount = serviceAccountNamed(wanted.username)
  return serviceAccount === undefined ? [] : serviceAccountGroups(serviceAccount.namespace)
}

function withImpliedGroup(username: string, groups: readonly string[]): readonly string[] {
  if (username === ANONYMOUS_USERNAME) {
    return groups.includes(UNAUTHENTICATED_GROUP) ? groups : withGroup(groups, UNAUTHENTICATED_GROUP)
  }
  const isDecided = groups.includes(AUTHENTICATED_GROUP) || groups.includes(UNAUTHENTICATED_GROUP)
  return isDecided ? groups : withGroup(groups, AUTHENTICATED_GROUP)
}

/** Frozen, so that `userInfo` does not copy it. */
function withGroup(groups: readonly string[], group: string): readonly string[] {
  return Object.freeze([...groups, group])
}
