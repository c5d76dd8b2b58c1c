import {
  type Authentication,
  type AuthenticationError,
  type Awaitable,
  rejected,
  type UserInfo,
} from '@kube-authn/core'

/** The result of a fake authenticator. */
export type Answer = () => Awaitable<Authentication | undefined>

/**
 * Always authenticates this user.
 *
 * @param rest other members, such as audiences and expiry.
 * @example
 * const tokens = fakeTokenAuthenticator(always(fakeUser(), { audiences: ['api'] }))
 */
export function always(user: UserInfo, rest: Omit<Authentication, 'user'> = {}): Answer {
  return () => ({ user, ...rest })
}

/**
 * Authenticates each of these tokens as its user; no opinion on other tokens.
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
 * No opinion: the request has no credential of this kind.
 *
 * @example
 * const tokens = union(fakeTokenAuthenticator(noOpinion()), fakeTokenAuthenticator(always(fakeUser())))
 */
export function noOpinion(): Answer {
  return () => undefined
}

/**
 * Throws an error. Without an argument, the credential is rejected.
 *
 * @param error `rejected(message)`, `unavailable(message)`, or anything else that a broken authenticator might throw.
 * @example
 * const outage = fakeTokenAuthenticator(fails(unavailable('the webhook does not answer')))
 */
export function fails(error: AuthenticationError | Error = rejected('the credential is bad')): Answer {
  return () => {
    throw error
  }
}

/**
 * The same result asynchronously: a promise that resolves or rejects.
 *
 * @example
 * const slow = fakeAuthenticator(later(always(fakeUser())))
 */
export function later(answer: Answer): Answer {
  return async () => answer()
}
