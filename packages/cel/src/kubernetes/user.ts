import { listType, mapType, STRING, structType, type Type } from '../check/types.ts'
import type { Struct } from '../values/value.ts'
import type { CelUser } from './cel.ts'
import { JsonMap, requiredSize, selected } from './claims.ts'
import { fieldTypes, struct } from './request.ts'

export const USER: Type = structType('kubernetes.UserInfo')

/**
 * The fields of `user`.
 *
 * Source: apiserver `pkg/authentication/cel/compile.go` (`buildUserType`).
 */
export const USER_FIELDS: ReadonlyMap<string, ReadonlyMap<string, Type>> = new Map([
  [
    USER.name,
    fieldTypes(['username', 'uid'], {
      groups: listType(STRING),
      extra: mapType(STRING, listType(STRING)),
    }),
  ],
])

export function userValue(user: CelUser): Struct {
  const { username, uid, groups, extra } = user
  requiredSize(user)
  return struct(USER, { username, uid, groups: selected(groups), extra: new JsonMap(extra) })
}
