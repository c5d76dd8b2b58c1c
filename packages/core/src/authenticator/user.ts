import { isMarkedSound, markSound } from './sound.ts'

/**
 * Who is making a request: `authentication.k8s.io/v1` UserInfo.
 *
 * All values are opaque to authentication and mean something to an authorizer only. A user made by {@link userInfo} is
 * frozen, and `extra` has no prototype, so `__proto__` is an ordinary key in it.
 */
export interface UserInfo {
  /** Identifies the user among all others. Never empty for a user that an application sees. */
  readonly username: string
  /** Stays the same when the name is given to somebody else; `''` when unknown. */
  readonly uid: string
  readonly groups: readonly string[]
  /** Anything else an authorizer may want. Keys are lower-case and namespaced, as in `example.com/project`. */
  readonly extra: UserExtra
}

/** Further attributes of a user: each key has an ordered list of values. */
export type UserExtra = Readonly<Record<string, readonly string[]>>

/** What {@link userInfo} makes a user from; everything but the name may be left out. */
export interface UserInfoInit {
  readonly username: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** The name of whoever sent no credential at all. */
export const ANONYMOUS_USERNAME = 'system:anonymous'
/** The group of whoever sent no credential at all. */
export const UNAUTHENTICATED_GROUP = 'system:unauthenticated'
/** The group of every user who proved who they are. */
export const AUTHENTICATED_GROUP = 'system:authenticated'

/**
 * Makes a frozen user that shares nothing with what it was made from.
 *
 * @throws {TypeError} when groups, or the values of a key of `extra`, are no list.
 * @example
 * const jane = userInfo({ username: 'jane', groups: ['developers'] })
 * jane.uid // ''
 */
export function userInfo(init: UserInfoInit): UserInfo {
  const user: UserInfo = {
    username: init.username,
    uid: init.uid ?? '',
    groups: copyOfList(init.groups),
    extra: init.extra === undefined ? NO_EXTRA : copyOfExtra(init.extra),
  }
  return Object.freeze(isWellFormed(user) ? markSound(user) : user)
}

/** Whether everything in a user has the type it should have; parts may be missing. */
export function isWellFormed(user: Partial<UserInfo>): boolean {
  if (isMarkedSound(user)) return true
  const { username, uid, groups, extra } = user
  return (
    typeof username === 'string' &&
    (uid === undefined || typeof uid === 'string') &&
    (groups === undefined || isListOfTexts(groups)) &&
    (extra === undefined || isMarkedSound(extra) || Object.values(extra).every(isListOfTexts))
  )
}

/** A loop, since this is asked for every request that has a user of its own. */
function isListOfTexts(values: unknown): boolean {
  if (!Array.isArray(values)) return false
  for (const value of values) if (typeof value !== 'string') return false
  return true
}

/** Whether this is somebody who proved nothing: by name or by group, as kube-apiserver asks it. */
export function isUnauthenticated(user: UserInfo): boolean {
  return user.username === ANONYMOUS_USERNAME || user.groups.includes(UNAUTHENTICATED_GROUP)
}

/**
 * Whether nobody can change this user any more, in any part, and `extra` has no prototype. What {@link userInfo} makes is so;
 * what others freeze is often frozen on the outside only.
 */
export function isImmutableUser(user: UserInfo): boolean {
  return (
    isMarkedSound(user) ||
    (Object.isFrozen(user) && isImmutableList(user.groups) && isImmutableExtra(user.extra))
  )
}

function isImmutableList(values: readonly string[]): boolean {
  return values === NO_VALUES || (Array.isArray(values) && Object.isFrozen(values))
}

function isImmutableExtra(extra: UserExtra): boolean {
  if (isMarkedSound(extra)) return true
  if (typeof extra !== 'object' || Object.getPrototypeOf(extra) !== null || !Object.isFrozen(extra))
    return false
  return Object.values(extra).every(isImmutableList)
}

const NO_VALUES: readonly string[] = Object.freeze([])
const NO_EXTRA: UserExtra = copyOfExtra({})

/** What is frozen already can be shared: users of one file often have the same groups. */
function copyOfList(values: readonly string[] | undefined): readonly string[] {
  if (values === undefined || values.length === 0) return NO_VALUES
  // Not every caller is type-checked, and a text would become a list of its characters.
  const isList: boolean = Array.isArray(values)
  if (!isList) throw new TypeError('a user has lists of texts for groups and extra values')
  return isImmutableList(values) ? values : Object.freeze([...values])
}

function copyOfExtra(extra: Readonly<Record<string, readonly string[]>>): UserExtra {
  // As that of a user who is made from another one, with a group more.
  if (isImmutableExtra(extra)) return extra
  const copy = Object.create(null) as Record<string, readonly string[]>
  for (const [key, values] of Object.entries(extra)) copy[key] = copyOfList(values)
  return ownedExtra(copy)
}

/**
 * Makes an `extra` of what was made for that, and is held by nobody else: without a copy.
 *
 * @param extra without a prototype.
 */
export function ownedExtra(extra: Record<string, readonly string[]>): UserExtra {
  let isSound = true
  for (const key in extra) isSound = isListOfTexts(Object.freeze(extra[key] ?? NO_VALUES)) && isSound
  return Object.freeze(isSound ? markSound(extra) : extra)
}
