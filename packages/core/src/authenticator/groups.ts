import type { AnyAuthenticator, Authentication } from './authenticator.ts'
import { aString, listOf, refuseProblems } from '../internal/options/index.ts'
import { withAnswers } from './union/compose.ts'
import {
  ANONYMOUS_USERNAME,
  AUTHENTICATED_GROUP,
  isSound,
  UNAUTHENTICATED_GROUP,
  type UserInfo,
  userInfo,
} from './user.ts'

/**
 * Adds `system:authenticated` as the last group to every user the delegate authenticates, unless the user is named `system:anonymous` or
 * is already in `system:authenticated` or `system:unauthenticated`.
 *
 * Source: apiserver `pkg/authentication/group/authenticated_group_adder.go`.
 *
 * @example
 * const chain = authenticatedGroup(union(certificates, bearerToken(tokens)))
 */
export function authenticatedGroup<A extends AnyAuthenticator>(delegate: A): A {
  return withAnswers('authenticatedGroup', delegate, withAuthenticatedGroup)
}

const withAuthenticatedGroup = changeOfUsers((user) => {
  if (user.username === ANONYMOUS_USERNAME) return user
  if (user.groups.includes(AUTHENTICATED_GROUP) || user.groups.includes(UNAUTHENTICATED_GROUP)) return user
  return withGroups(user, [AUTHENTICATED_GROUP])
})

/**
 * Adds groups to every user the delegate authenticates: at the end, in order, even if the user already has them.
 *
 * Source: apiserver `pkg/authentication/group/{group_adder,token_group_adder}.go`.
 *
 * @example
 * const partners = addGroups(['partners'], tokenFile(partnersCsv))
 */
export function addGroups<A extends AnyAuthenticator>(groups: readonly string[], delegate: A): A {
  refuseProblems(listOf(aString)(groups, 'groups'))
  const change = changeOfUsers((user) => withGroups(user, groups))
  return withAnswers('addGroups', delegate, change)
}

/** Changes the users of answers. The user of a file or a cache is the same object each time, so its change is made once. */
function changeOfUsers(change: (user: UserInfo) => UserInfo): (answer: Authentication) => Authentication {
  const changed = new WeakMap<UserInfo, UserInfo>()
  return (answer) => {
    let user = changed.get(answer.user)
    if (user === undefined) {
      user = change(answer.user)
      if (isSound(answer.user)) changed.set(answer.user, user)
    }
    return { ...answer, user }
  }
}

function withGroups({ username, uid, groups, extra }: UserInfo, more: readonly string[]): UserInfo {
  // Frozen, so that it is not copied again. If a JavaScript caller passes a string, `concat` returns a string, which is refused.
  return userInfo({ username, uid, groups: Object.freeze(groups.concat(more)), extra })
}
