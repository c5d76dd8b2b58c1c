import { type UserInfo, userInfo } from '@kube-authn/core'
import { type Attributes, attributesOf } from '@kube-authn/core/authorization'
import { type Fields, USER } from '../../reading.ts'

/** A user as vectors write it. */
export interface VectorUser {
  readonly name?: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** Attributes as vectors write them. */
export interface VectorAttributes {
  readonly verb?: string
  readonly apiGroup?: string
  readonly apiVersion?: string
  readonly namespace?: string
  readonly resource?: string
  readonly subresource?: string
  readonly name?: string
  readonly path?: string
  readonly resourceRequest?: boolean
  readonly user?: VectorUser
}

export function userOf(user: VectorUser = {}): UserInfo {
  return userInfo({ username: user.name ?? '', ...user })
}

/** Omits everything that is empty, as in vectors. */
export function vectorUserOf(user: UserInfo | undefined): VectorUser | undefined {
  if (user === undefined) return undefined
  return {
    name: user.username,
    ...(user.uid !== '' && { uid: user.uid }),
    ...(user.groups.length > 0 && { groups: user.groups }),
    ...(Object.keys(user.extra).length > 0 && { extra: user.extra }),
  }
}

export function attributesFrom(given: VectorAttributes): Attributes {
  const { user, resourceRequest, ...rest } = given
  return attributesOf(userOf(user), {
    ...rest,
    verb: given.verb ?? '',
    ...(resourceRequest === true && { resource: given.resource ?? '' }),
  })
}

/** Attributes, as a reader reads them. */
export const ATTRIBUTES: Fields = [
  'verb apiGroup apiVersion namespace resource subresource name path resourceRequest',
  { user: USER },
]
