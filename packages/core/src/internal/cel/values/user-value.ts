import type { CelUser } from '../cel.ts'
import { escapedMap } from './escape.ts'
import { CelObjectValue } from './object-value.ts'

/** The value of `user`. */
export class CelUserValue extends CelObjectValue {
  constructor({ username, uid, groups, extra }: CelUser) {
    super(
      new Map<string, unknown>([
        ['username', username],
        ['uid', uid],
        ['groups', groups],
        ['extra', escapedMap(new Map(Object.entries(extra)))],
      ]),
    )
  }
}
