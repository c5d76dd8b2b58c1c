import { anything, aString, AUTHENTICATED_GROUP, type UserInfoInit } from '@kube-authn/core/internal'
import { type UserInfo, userInfo } from '@kube-authn/core'
import { checkOptions, listOf, type OptionsShape } from '@kube-authn/core/adapter'

const shape: OptionsShape<Partial<UserInfoInit>> = {
  username: aString,
  uid: aString,
  groups: listOf(aString),
  extra: anything,
}

/**
 * A complete user, for tests that need any user: `jane`, with a uid, in `developers` and `system:authenticated`.
 *
 * @param init overrides members of the user.
 * @example
 * const admin = fakeUser({ username: 'root', groups: ['system:masters', 'system:authenticated'] })
 */
export function fakeUser(init: Partial<UserInfoInit> = {}): UserInfo {
  checkOptions(shape, init)
  return userInfo({
    username: 'jane',
    uid: '7c1f0b52-6f0d-4c9b-8f3e-0d6a2b9c4e11',
    groups: ['developers', AUTHENTICATED_GROUP],
    ...init,
  })
}
