import type { AnyAuthenticator, Authentication } from './authenticator.ts'
import { aString, listOf, refuseProblems } from './options/index.ts'
import { withAnswers } from './union/compose.ts'
import {
  ANONYMOUS_USERNAME,
  AUTHENTICATED_GROUP,
  isImmutableUser,
  UNAUTHENTICATED_GROUP,
  type UserInfo,
  userInfo,
} from './user.ts'

/**
 * Adds `system:authenticated` to everybody the delegate knows, at the end, unless the user is called `system:anonymous` or is
 * in `system:authenticated` or `system:unauthenticated` already.
 *
 * Source: apiserver `pkg/authentication/group/authenticated_group_adder.go`.
 *
 * @example
 * const chain = authenticatedGroup(union(certificates, bearerToken(tokens)))
 */
export function authenticatedGroup<A extends AnyAuthenticator>(delegate: A): A {
  return withUser('authenticatedGroup', delegate, (user) => {
    if (user.username === ANONYMOUS_USERNAME) return user
    if (user.groups.includes(AUTHENTICATED_GROUP) || user.groups.includes(UNAUTHENTICATED_GROUP)) return user
    return withGroups(user, [AUTHENTICATED_GROUP])
  })
}

/**
 * Adds groups to everybody the delegate knows: at the end, in order, and again if they are there already.
 *
 * Source: apiserver `pkg/authentication/group/{group_adder,token_group_adder}.go`.
 *
 * @example
 * const partners = addGroups(['partners'], tokenFile(partnersCsv))
 */
export function addGroups<A extends AnyAuthenticator>(groups: readonly string[], delegate: A): A {
  refuseProblems(listOf(aString)(groups, 'groups'))
  return withUser('addGroups', delegate, (user) => withGroups(user, groups))
}

function withUser<A extends AnyAuthenticator>(
  name: string,
  delegate: A,
  change: (user: UserInfo) => UserInfo,
): A {
  // Users from files and caches come again and again; the changed one is made once. What the delegate holds is not touched.
  const changed = new WeakMap<UserInfo, UserInfo>()

  const changeAnswer = (answer: Authentication): Authentication => {
    let user = changed.get(answer.user)
    if (user === undefined) {
      user = change(answer.user)
      if (isImmutableUser(answer.user)) changed.set(answer.user, user)
    }
    return user === answer.user ? answer : { ...answer, user }
  }

  return withAnswers(name, delegate, changeAnswer)
}

function withGroups(user: UserInfo, groups: readonly string[]): UserInfo {
  return userInfo({ ...user, groups: user.groups.concat(groups) })
}
