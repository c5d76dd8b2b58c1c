import type { UserInfo } from './user.ts'

/** A user in the JSON of Kubernetes. What is empty is left out. */
export interface UserJson {
  readonly username: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
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
