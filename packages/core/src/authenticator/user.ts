import { rejected } from './errors.ts'

/**
 * Who is making a request: `authentication.k8s.io/v1` UserInfo.
 *
 * Authentication does not interpret the values; only authorizers do. A user made by {@link userInfo} is frozen, and its `extra` has no
 * prototype, so that `__proto__` is an ordinary key.
 */
export interface UserInfo {
  /** Identifies the user among all others. Never empty for a user that an application sees. */
  readonly username: string
  /** Distinguishes users who had the same name at different times; `''` if unknown. */
  readonly uid: string
  readonly groups: readonly string[]
  /** Anything else an authorizer may want. Keys are lower-case and namespaced, as in `example.com/project`. */
  readonly extra: UserExtra
}

/** Further attributes of a user: each key has an ordered list of values. */
export type UserExtra = Readonly<Record<string, readonly string[]>>

/** The parts of a user; all but the name are optional. */
export interface UserInfoInit {
  readonly username: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** The name of the user of requests without a credential. */
export const ANONYMOUS_USERNAME = 'system:anonymous'
/** The group of the user of requests without a credential. */
export const UNAUTHENTICATED_GROUP = 'system:unauthenticated'
/** The group of every authenticated user. */
export const AUTHENTICATED_GROUP = 'system:authenticated'

/**
 * Makes a frozen user that shares nothing mutable with its argument.
 *
 * @throws {TypeError} if `groups`, or the value of a key of `extra`, is not an array.
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
  Object.freeze(user)
  if (isWellFormed(user)) sound.add(user)
  return user
}

/** Whether every part of a user has the right type; parts may be missing. */
function isWellFormed(user: Partial<UserInfo>): boolean {
  const { username, uid, groups, extra } = user
  return (
    typeof username === 'string' &&
    (uid === undefined || typeof uid === 'string') &&
    (groups === undefined || isListOfStrings(groups)) &&
    (extra === undefined || Object.values(extra).every(isListOfStrings))
  )
}

function isListOfStrings(values: unknown): boolean {
  return Array.isArray(values) && values.every((value) => typeof value === 'string')
}

/** Users that {@link userInfo} made whose parts all have the right type. */
const sound = new WeakSet<UserInfo>()

/** Whether {@link userInfo} made this user: no part can change, and each has the right type. */
export function isSound(user: UserInfo): boolean {
  return sound.has(user)
}

/** Whether the user is anonymous: by name or by group, as kube-apiserver checks it. */
export function isUnauthenticated(user: UserInfo): boolean {
  return user.username === ANONYMOUS_USERNAME || user.groups.includes(UNAUTHENTICATED_GROUP)
}

const NO_VALUES: readonly string[] = Object.freeze([])
const NO_EXTRA: UserExtra = copyOfExtra({})

/** Frozen lists are shared: users of one file often have the same groups. */
function copyOfList(values: readonly string[] | undefined): readonly string[] {
  if (values === undefined || values.length === 0) return NO_VALUES
  // JavaScript callers may pass a string, which would become a list of its characters.
  const isList: boolean = Array.isArray(values)
  if (!isList) throw new TypeError('groups of a user, and the values of extra, must be lists of strings')
  return isImmutableList(values) ? values : Object.freeze([...values])
}

function copyOfExtra(extra: Readonly<Record<string, readonly string[]>>): UserExtra {
  // For example that of a user who is copied with one more group.
  if (isImmutableExtra(extra)) return extra
  const copy = Object.create(null) as Record<string, readonly string[]>
  for (const [key, values] of Object.entries(extra)) copy[key] = copyOfList(values)
  return Object.freeze(copy)
}

function isImmutableExtra(extra: UserExtra): boolean {
  if (typeof extra !== 'object' || Object.getPrototypeOf(extra) !== null || !Object.isFrozen(extra))
    return false
  return Object.values(extra).every(isImmutableList)
}

function isImmutableList(values: readonly string[]): boolean {
  return values === NO_VALUES || (Array.isArray(values) && Object.isFrozen(values))
}

/**
 * The user of an answer that is accepted: it must have a name, and is immutable.
 *
 * @throws {AuthenticationError} `rejected` without a name.
 * @throws {TypeError} if it is malformed: an authenticator in plain JavaScript may return anything.
 */
export function checkedUser(user: UserInfo): UserInfo {
  // Deviation: kube-apiserver accepts a user without a name (`docs/deviations.md`, empty user name).
  if (typeof user.username !== 'string' || user.username === '') throw rejected('the user has no name')
  if (sound.has(user)) return user
  if (!isWellFormed(user)) throw new TypeError('an authenticator returned a malformed user')
  return userInfo(user)
}
