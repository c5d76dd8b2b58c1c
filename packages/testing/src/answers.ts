import {
  type Authentication,
  type AuthenticationError,
  type Awaitable,
  rejected,
  type UserInfo,
} from '@kube-authn/core'

/** What a fake authenticator says to whoever asks. */
export type Answer = () => Awaitable<Authentication | undefined>

/**
 * The credential is this user's.
 *
 * @param rest what else is known, as audiences and expiry.
 * @example
 * const tokens = fakeTokenAuthenticator(always(fakeUser(), { audiences: ['api'] }))
 */
export function always(user: UserInfo, rest: Omit<Authentication, 'user'> = {}): Answer {
  return () => ({ user, ...rest })
}

/**
 * Each of these tokens is its user's. Of others there is no opinion.
 *
 * @example
 * const tokens = fakeTokenAuthenticator(knownTokens({ secret: fakeUser() }))
 */
export function knownTokens(
  users: Readonly<Record<string, UserInfo>>,
): (token: string) => Authentication | undefined {
  const known = new Map(Object.entries(users))
  return (token) => {
    const user = known.get(token)
    return user && { user }
  }
}

/**
 * No opinion: there is no credential of this kind.
 *
 * @example
 * const tokens = union(fakeTokenAuthenticator(noOpinion()), fakeTokenAuthenticator(always(fakeUser())))
 */
export function noOpinion(): Answer {
  return () => undefined
}

/**
 * An error. Without an argument, the credential is rejected.
 *
 * @param error `rejected(text)` or `unavailable(text)`, or anything else that a broken authenticator might throw.
 * @example
 * const outage = fakeTokenAuthenticator(fails(unavailable('the webhook does not answer')))
 */
export function fails(error: AuthenticationError | Error = rejected('the credential is bad')): Answer {
  return () => {
    throw error
  }
}

/**
 * The same answer, but later: as a promise, which errors reject.
 *
 * @example
 * const slow = fakeAuthenticator(later(always(fakeUser())))
 */
export function later(answer: Answer): Answer {
  return async () => answer()
}
