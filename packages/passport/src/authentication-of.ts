import {
  type Authentication,
  type AuthenticationError,
  type Awaitable,
  rejected,
  unavailable,
  userInfo,
} from '@kube-authn/core'
import { isAuthenticationError, isPromiseLike, type UserInfoInit } from '@kube-authn/core/internal/shared'
import type { StrategyAnswer } from './ask-strategy.ts'
import { causeOf } from './cause-of.ts'

/** How to interpret the results of a strategy. */
export interface Understanding<User, Info> {
  readonly name: string
  /** Whether the strategy saw a credential: only then can it have refused one. */
  readonly isCredential: () => boolean
  readonly user: (user: User, info: Info) => Awaitable<UserInfoInit>
}

/** Converts the result of a strategy: a user, no opinion, or an {@link AuthenticationError}. */
export function authenticationOf<User, Info>(
  answer: Awaitable<StrategyAnswer>,
  how: Understanding<User, Info>,
): Awaitable<Authentication | undefined> {
  return isPromiseLike(answer) ? answer.then((late) => understood(late, how)) : understood(answer, how)
}

function understood<User, Info>(
  answer: StrategyAnswer,
  { name, isCredential, user }: Understanding<User, Info>,
): Awaitable<Authentication | undefined> {
  switch (answer.kind) {
    case 'success': {
      if (typeof answer.user !== 'object' && typeof answer.user !== 'string') throw withoutUser(name)
      if (answer.user === null || answer.user === '') throw withoutUser(name)
      // Only the app knows the strategy's type of users, and declares it by the type of `user`.
      const init = user(answer.user as User, answer.info as Info)
      return isPromiseLike(init) ? Promise.resolve(init).then(authenticated) : authenticated(init)
    }
    case 'fail':
      if (answer.status !== undefined && answer.status >= 500)
        throw unavailable(`${name} failed to check the credential`)
      if (isCredential()) throw rejected(`${name} refused the credential`)
      return undefined
    case 'pass':
      return undefined
    case 'redirect':
      throw unavailable(
        `${name} redirects to another page, which an authenticator cannot do: use it in Passport directly, for interactive logins`,
      )
    case 'error':
      if (isAuthenticationError(answer.error)) throw answer.error
      throw unavailable(
        `${name} failed to check the credential`,
        answer.error instanceof Error ? { cause: causeOf(answer.error) } : {},
      )
  }
}

function withoutUser(name: string): AuthenticationError {
  return unavailable(`${name} succeeded without a user`)
}

/**
 * Directories return an attribute with one value as a string, not a list. Spread into a list it would become one group per letter, so wrong types are
 * errors.
 */
function authenticated(init: UserInfoInit): Authentication {
  const { username, uid = '', groups = [], extra = {} } = init
  const isRight =
    typeof username === 'string' &&
    typeof uid === 'string' &&
    isListOfTexts(groups) &&
    typeof extra === 'object' &&
    Object.values(extra).every(isListOfTexts)
  if (!isRight)
    throw new TypeError(
      'user() must return a username, and groups and extra values that are lists of strings',
    )
  return { user: userInfo(init) }
}

function isListOfTexts(values: unknown): boolean {
  return Array.isArray(values) && values.every((value) => typeof value === 'string')
}
