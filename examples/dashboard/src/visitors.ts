import type { UserInfo } from '@kube-authn/core'

/** A user who has opened a page, with the groups at the last time. */
export type Visitor = Pick<UserInfo, 'username' | 'groups'>

/** The users who have opened a page since the start: admins choose from them, since the rights of a user come from groups too. */
export interface Visitors {
  add(user: Visitor): void
  list(): readonly Visitor[]
}

const MOST = 1000

/** Creates an empty list. The user who was away longest leaves it when it is full. */
export function visitors(): Visitors {
  const known = new Map<string, Visitor>()
  return {
    add({ username, groups }) {
      known.delete(username)
      known.set(username, { username, groups })
      const [oldest] = known.keys()
      if (known.size > MOST && oldest !== undefined) known.delete(oldest)
    },
    list: () => [...known.values()].toReversed(),
  }
}
