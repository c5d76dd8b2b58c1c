import {
  type Authenticator,
  type Awaitable,
  basic,
  bearerToken,
  type Clock,
  type PasswordAuthenticator,
  type TokenAuthenticator,
} from '@kube-authn/core'
import { above, listOf, oneOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import {
  aClock,
  aHeaderName,
  andThen,
  type AnyAuthenticator,
  aString,
  type AuthenticationScheme,
  isPromiseLike,
  must,
  optionProblems,
  refuseProblems,
  systemClock,
  type UserInfoInit,
} from '@kube-authn/core/internal'
import { runStrategy, type PassportStrategy, readResult } from './strategy-result.ts'
import { inTime, MAX_TIMEOUT_SECONDS } from './deadline.ts'
import { strategyPasswords, strategyTokens } from './credential-request.ts'
import { type Ask, wholeRequest, type WholeRequestOptions } from './whole-request.ts'

/** The user of a strategy, unless `user` declares a type. */
export type PassportUser = Readonly<Record<string, unknown>>

/** Options of {@link fromPassport}. */
export interface FromPassportOptions<User = PassportUser, Info = unknown> {
  /**
   * Maps the strategy's user to a `UserInfo`: called with the arguments of the strategy's `success`. Errors count as with any authenticator.
   */
  readonly user: (user: User, info: Info) => Awaitable<UserInfoInit>
  /** The name in events and errors. Default: the name of the strategy. */
  readonly name?: string
  /** The timeout of the strategy and `user` together, after which it is `unavailable`. Default 10. */
  readonly timeoutSeconds?: number
  readonly clock?: Clock
}

const aStrategy = must(
  'must be a Passport strategy',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'authenticate' in value &&
    typeof value.authenticate === 'function',
)

const SCHEMES = ['Bearer', 'Basic', 'Negotiate'] as const satisfies readonly AuthenticationScheme[]

const optionsShape: OptionsShape<
  FromPassportOptions<never, never> & WholeRequestOptions & { readonly as?: Shape }
> = {
  user: required(
    must(
      'must be a function that maps a user of the strategy to a UserInfo',
      (value) => typeof value === 'function',
    ),
  ),
  name: aString,
  as: oneOf('token', 'password', 'request'),
  schemes: listOf(oneOf(...SCHEMES)),
  headers: listOf(aHeaderName),
  timeoutSeconds: above(0, MAX_TIMEOUT_SECONDS),
  clock: aClock,
}

/**
 * Any Passport strategy as an authenticator.
 *
 * | `as`         | result                        | what the strategy sees                                                           |
 * | ------------ | ----------------------------- | -------------------------------------------------------------------------------- |
 * | `'token'`    | {@link TokenAuthenticator}    | `Authorization: Bearer TOKEN`                                                    |
 * | `'password'` | {@link PasswordAuthenticator} | `Authorization: Basic BASE64`, and `username` and `password` in its `body`       |
 * | `'request'`  | {@link Authenticator}         | the whole request, without a body                                                |
 * | omitted      | {@link Authenticator}         | by its name: `bearer` a token, `basic`, `ldapauth` and `local` a password, any other the whole request |
 *
 * | the strategy calls                      | result                                                                     |
 * | --------------------------------------- | -------------------------------------------------------------------------- |
 * | `success(user, info)`                   | the user that `user(user, info)` returns                                   |
 * | `fail()`, with any challenge            | `rejected`; no opinion if the request had no credential for it             |
 * | `fail` with a status of 500 and above   | `unavailable`                                                              |
 * | `pass()`                                | no opinion                                                                 |
 * | `error(error)`, a throw, a rejection    | `unavailable`; the cause has its type and code, not its message            |
 * | nothing within `timeoutSeconds`         | `unavailable`                                                              |
 * | `redirect()`                            | `unavailable`: an authenticator cannot redirect to a login page            |
 *
 * The first call counts. Challenges of the strategy are not passed on, since they may reveal why a credential was refused; the chain creates its own.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const directory = fromPassport(new LdapStrategy(options), {
 *   as: 'password',
 *   user: (entry: Entry) => ({ username: entry.uid, groups: entry._groups.map(({ cn }) => cn) }),
 * })
 * const chain = authenticatorChain({ passwords: [directory] })
 */
export function fromPassport<User = PassportUser, Info = unknown>(
  strategy: PassportStrategy,
  options: FromPassportOptions<User, Info> & WholeRequestOptions & { readonly as?: 'request' },
): Authenticator
/** Passes tokens to the strategy. */
export function fromPassport<User = PassportUser, Info = unknown>(
  strategy: PassportStrategy,
  options: FromPassportOptions<User, Info> & { readonly as: 'token' },
): TokenAuthenticator
/** Passes passwords to the strategy. */
export function fromPassport<User = PassportUser, Info = unknown>(
  strategy: PassportStrategy,
  options: FromPassportOptions<User, Info> & { readonly as: 'password' },
): PasswordAuthenticator
export function fromPassport<User, Info>(
  strategy: PassportStrategy,
  options: FromPassportOptions<User, Info> & WholeRequestOptions & { readonly as?: Shape },
): AnyAuthenticator {
  refuseProblems(aStrategy(strategy, 'strategy'), optionProblems(optionsShape, options))
  const { name = strategy.name ?? 'passport', timeoutSeconds = 10, clock = systemClock, user } = options
  const deadline = { seconds: timeoutSeconds, clock }
  const ask: Ask = (req, isCredential) => {
    const answer = andThen(runStrategy(strategy, req), (given) =>
      readResult(given, { name, isCredential, user }),
    )
    return isPromiseLike(answer) ? inTime(answer, deadline, name) : answer
  }

  const isRestricted = options.schemes !== undefined || options.headers !== undefined
  const shape = options.as ?? (isRestricted ? 'request' : USUAL.get(strategy.name ?? ''))
  switch (shape) {
    case 'token':
      return strategyTokens(name, ask)
    case 'bearer':
      return bearerToken(strategyTokens(name, ask))
    case 'password':
      return strategyPasswords(name, ask)
    case 'basic':
      return basic(strategyPasswords(name, ask))
    case 'negotiate':
      return wholeRequest(name, { schemes: ['Negotiate'] }, ask)
    case 'request':
    case undefined:
      return wholeRequest(name, options, ask)
  }
}

type Shape = 'token' | 'password' | 'request'

/** The usual credentials of strategies with these names. */
const USUAL: ReadonlyMap<string, 'bearer' | 'basic' | 'negotiate'> = new Map([
  ['bearer', 'bearer'],
  ['basic', 'basic'],
  ['ldapauth', 'basic'],
  ['local', 'basic'],
  ['negotiate', 'negotiate'],
])
