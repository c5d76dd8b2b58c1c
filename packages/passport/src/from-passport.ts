import {
  type AuthenticationError,
  type Authenticator,
  type Awaitable,
  basic,
  bearerToken,
  type Clock,
  type PasswordAuthenticator,
  rejected,
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

function strategyTokens(name: string, ask: Ask): TokenAuthenticator {
  return {
    name,
    authenticateToken(token) {
      // A string that is not valid Unicode could be mistaken for another one.
      if (!token.isWellFormed()) throw rejected('the token is not UTF-8')
      return ask(withAuthorization(`Bearer ${token}`), () => true)
    },
  }
}

function strategyPasswords(name: string, ask: Ask): PasswordAuthenticator {
  return {
    name,
    authenticatePassword(username, password) {
      const problem = problemWithPassword(username, password)
      if (problem !== undefined) throw problem
      return ask(passwordRequest(username, password), () => true)
    },
  }
}

/**
 * A request with a user name and password, both in the header, for strategies like passport-http, and in the body, for login form strategies like
 * passport-ldapauth and passport-local.
 *
 * A password with a colon is in the body only: passport-http 0.3 would check only the part before the colon (jaredhanson/passport-http#20).
 */
function passwordRequest(username: string, password: string): object {
  const body = { username, password }
  if (password.includes(':')) return { ...withAuthorization(undefined), body }
  return { ...withAuthorization(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`), body }
}

/**
 * Why a user name and password are not passed to a strategy; `undefined` if they are.
 *
 * - A simple bind with an empty password succeeds without authentication (RFC 4513 section 5.1.2).
 * - A user name with a colon cannot be separated from the password in a header.
 * - A string that is not valid Unicode could be mistaken for another one.
 * - `$&` and the like are patterns of `String.prototype.replace`, with which ldapauth-fork 5 builds a filter: they insert unescaped brackets, and the
 *   process ends with an exception that cannot be caught.
 */
function problemWithPassword(username: string, password: string): AuthenticationError | undefined {
  if (username === '' || password === '') return rejected('the user name or the password is empty')
  if (username.includes(':')) return rejected('the user name has a colon')
  if (!username.isWellFormed() || !password.isWellFormed()) {
    return rejected('the user name or the password is not UTF-8')
  }
  if (/\$[$&`']/.test(username)) return rejected('the user name has a replacement pattern')
  return undefined
}

function withAuthorization(authorization: string | undefined): object {
  const headers = authorization === undefined ? {} : { authorization }
  const header = (name: string): string | undefined =>
    name.toLowerCase() === 'authorization' ? authorization : undefined
  const target = { method: 'GET', url: '/', originalUrl: '/', path: '/', query: {} }
  return { ...target, headers, get: header, header, socket: {}, connection: {} }
}
