import type { CelUser } from '../cel.ts'
import { escapedMap } from './escape.ts'

/** `user`, as expressions see it. The library tells types by their constructors. */
export class CelUserValue {
  readonly fields: ReadonlyMap<string, unknown>

  constructor({ username, uid, groups, extra }: CelUser) {
    this.fields = new Map<string, unknown>([
      ['username', username],
      ['uid', uid],
      ['groups', groups],
      ['extra', escapedMap(new Map(Object.entries(extra)))],
    ])
  }
}
