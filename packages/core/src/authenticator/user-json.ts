import type { UserInfo } from './user.ts'

/** A user in the JSON of Kubernetes. Empty members are omitted. */
export interface UserJson {
  readonly username: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** The error message if {@link isUnicodeUser} is `false`. */
export const NOT_UNICODE = 'the user has a name, group or extra field that is not Unicode'

/** Whether JSON can represent the user. A name that is not well-formed Unicode would be read as another name. */
export function isUnicodeUser({ username, uid, groups, extra }: UserInfo): boolean {
  const texts = [username, uid, ...groups, ...Object.keys(extra), ...Object.values(extra).flat()]
  return texts.every((text) => text.isWellFormed())
}

/** A user as the Kubernetes API writes one. Source: api `authentication/v1` UserInfo. */
export function userJson({ username, uid, groups, extra }: UserInfo): UserJson {
  return {
    username,
    ...(uid !== '' && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}
