import type { AnyAuthenticator, Authentication } from './authenticator.ts'
import { aString, listOf, refuseProblems } from '../internal/options/index.ts'
import { andThen } from '../internal/awaitable.ts'
import { consult } from './consult.ts'
import { around } from './union.ts'
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
  return withUsers('authenticatedGroup', delegate, (user) => {
    if (user.username === ANONYMOUS_USERNAME) return user
    if (user.groups.includes(AUTHENTICATED_GROUP) || user.groups.includes(UNAUTHENTICATED_GROUP)) return user
    return withGroups(user, [AUTHENTICATED_GROUP])
  })
}

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
  return withUsers('addGroups', delegate, (user) => withGroups(user, groups))
}

/** Changes the users of an authenticator. The user of a file or a cache is the same object each time, so its change is made once. */
function withUsers<A extends AnyAuthenticator>(
  name: string,
  delegate: A,
  change: (user: UserInfo) => UserInfo,
): A {
  const changed = new WeakMap<UserInfo, UserInfo>()
  const changeUser = (answer: Authentication | undefined): Authentication | undefined => {
    if (answer === undefined) return undefined
    let user = changed.get(answer.user)
    if (user === undefined) {
      user = change(answer.user)
      if (isSound(answer.user)) changed.set(answer.user, user)
    }
    return { ...answer, user }
  }
  return around(name, delegate, (only, ask, credential, context) =>
    andThen(consult(ask, only, credential, context), changeUser),
  )
}

function withGroups({ username, uid, groups, extra }: UserInfo, more: readonly string[]): UserInfo {
  // Frozen, so that it is not copied again. If a JavaScript caller passes a string, `concat` returns a string, which is refused.
  return userInfo({ username, uid, groups: Object.freeze(groups.concat(more)), extra })
}
