import {
  type Authentication,
  type AuthenticationError,
  type Awaitable,
  isAuthenticationError,
  isPromiseLike,
  rejected,
  unavailable,
  userInfo,
  type UserInfoInit,
} from '@kube-authn/core'
import type { StrategyAnswer } from './ask-strategy.ts'
import { causeOf } from './cause-of.ts'

/** How answers of one strategy are understood. */
export interface Understanding<User, Info> {
  readonly name: string
  /** Whether the strategy was shown a credential: only then can it have refused one. */
  readonly isCredential: () => boolean
  readonly user: (user: User, info: Info) => Awaitable<UserInfoInit>
}

/** What an answer of a strategy means: a user, no opinion, or an {@link AuthenticationError}. */
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
      // What a strategy calls a user only its app knows, and says so by the type of `user`.
      const init = user(answer.user as User, answer.info as Info)
      return isPromiseLike(init) ? Promise.resolve(init).then(authenticated) : authenticated(init)
    }
    case 'fail':
      if (answer.status !== undefined && answer.status >= 500) throw unavailable(`${name} could not tell`)
      if (isCredential()) throw rejected(`${name} refused the credential`)
      return undefined
    case 'pass':
      return undefined
    case 'redirect':
      throw unavailable(
        `${name} redirects to another page, and an authenticator cannot: keep it in Passport, for people who log in`,
      )
    case 'error':
      if (isAuthenticationError(answer.error)) throw answer.error
      throw unavailable(
        `${name} could not tell`,
        answer.error instanceof Error ? { cause: causeOf(answer.error) } : {},
      )
  }
}

function withoutUser(name: string): AuthenticationError {
  return unavailable(`${name} succeeded without a user`)
}

/**
 * Directories give an attribute with one value as a text and not as a list. Spread into a list it would be one group for each
 * letter, so whatever is not as it should be is a fault.
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
    throw new TypeError('user() must make a name, and groups and extra values that are lists of texts')
  return { user: userInfo(init) }
}

function isListOfTexts(values: unknown): boolean {
  return Array.isArray(values) && values.every((value) => typeof value === 'string')
}
