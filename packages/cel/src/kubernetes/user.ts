import { listType, mapType, STRING, structType, type Type } from '../check/types.ts'
import { Struct, type Value } from '../values/value.ts'
import type { CelUser } from './cel.ts'
import { JsonMap, requiredSize } from './claims.ts'

/** The type of `user`. */
export const USER: Type = structType('kubernetes.UserInfo')

/**
 * The fields of `user`.
 *
 * Source: apiserver `pkg/authentication/cel/compile.go` (`buildUserType`).
 */
export const USER_FIELDS: ReadonlyMap<string, ReadonlyMap<string, Type>> = new Map([
  [
    USER.name,
    new Map([
      ['username', STRING],
      ['uid', STRING],
      ['groups', listType(STRING)],
      ['extra', mapType(STRING, listType(STRING))],
    ]),
  ],
])

/** The value of `user`. */
export function userValue(user: CelUser): Value {
  const { username, uid, groups, extra } = user
  requiredSize(user)
  return new Struct(
    USER,
    new Map<string, Value>([
      ['username', username],
      ['uid', uid],
      ['groups', groups],
      ['extra', new JsonMap(extra)],
    ]),
  )
}
