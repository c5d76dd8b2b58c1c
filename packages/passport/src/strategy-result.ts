import { type Awaitable, type Authentication, rejected, unavailable, userInfo } from '@kube-authn/core'
import { andThen, isPromiseLike, isAuthenticationError, type UserInfoInit } from '@kube-authn/core/internal'

/** The used part of a Passport strategy. */
export interface PassportStrategy {
  readonly name?: string | undefined
  readonly authenticate: (req: never, options?: never) => unknown
}

/** How a strategy ended. `error` includes what was thrown. */
export type StrategyAnswer =
  | { readonly kind: 'success'; readonly user: unknown; readonly info: unknown }
  | { readonly kind: 'fail'; readonly status: number | undefined }
  | { readonly kind: 'pass' }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'error'; readonly error: unknown }

/**
 * Runs a strategy for one request. It never throws, but may never resolve.
 *
 * The strategy runs as a derived object, as Passport does for a strategy by name: later calls of it or its callbacks belong to this request only. The
 * first call counts. A promise that it returns counts only if it rejects: it may resolve before its callbacks run.
 */
export function runStrategy(strategy: PassportStrategy, req: object): Awaitable<StrategyAnswer> {
  let first: StrategyAnswer | undefined
  let tell: ((answer: StrategyAnswer) => void) | undefined
  const answer = (given: StrategyAnswer): void => {
    first ??= given
    tell?.(first)
  }
  const fail = (error: unknown): void => answer({ kind: 'error', error })
  const actions = {
    success: (user?: unknown, info?: unknown) => answer({ kind: 'success', user, info }),
    fail: (challenge?: unknown, status?: unknown) =>
      answer({ kind: 'fail', status: [challenge, status].find((each) => typeof each === 'number') }),
    pass: () => answer({ kind: 'pass' }),
    redirect: () => answer({ kind: 'redirect' }),
    error: fail,
  }

  try {
    // Defined, not assigned: the strategy may be frozen.
    const own = Object.create(strategy, Object.getOwnPropertyDescriptors(actions)) as object
    const returned: unknown = Reflect.apply(strategy.authenticate, own, [req, {}])
    if (isPromiseLike(returned)) void returned.then(undefined, fail)
  } catch (error) {
    fail(error)
  }
  if (first !== undefined) return first
  return new Promise((resolve) => {
    tell = resolve
  })
}

export interface ResultReader<User, Info> {
  readonly name: string
  /** Whether the strategy saw a credential: only then can it have refused one. */
  readonly isCredential: () => boolean
  readonly user: (user: User, info: Info) => Awaitable<UserInfoInit>
}

/** Converts the result of a strategy: a user, no opinion, or an `AuthenticationError`. */
export function readResult<User, Info>(
  answer: StrategyAnswer,
  { name, isCredential, user }: ResultReader<User, Info>,
): Awaitable<Authentication | undefined> {
  switch (answer.kind) {
    case 'success': {
      const isUser = typeof answer.user === 'object' ? answer.user !== null : typeof answer.user === 'string'
      if (!isUser || answer.user === '') throw unavailable(`${name} succeeded without a user`)
      // Only the app knows the strategy's type of users, and declares it by the type of `user`.
      return andThen(user(answer.user as User, answer.info as Info), authenticated)
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
        answer.error instanceof Error ? { cause: safeCause(answer.error) } : {},
      )
  }
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
    isListOfStrings(groups) &&
    typeof extra === 'object' &&
    Object.values(extra).every(isListOfStrings)
  if (!isRight)
    throw new TypeError(
      'user() must return a username, and groups and extra values that are lists of strings',
    )
  return { user: userInfo(init) }
}

function isListOfStrings(values: unknown): boolean {
  return Array.isArray(values) && values.every((value) => typeof value === 'string')
}

/** How many nested causes are kept. */
const DEPTH = 3

/**
 * The safe part of a strategy's error: its type, its code, its stack frames, and the same of its causes.
 *
 * Neither its message nor its other properties. `JSON.parse` quotes its input, `new URL` keeps it, and the error of an HTTP client contains the whole
 * request with the token that the strategy passed on.
 */
function safeCause(error: Error, depth: number = DEPTH): Error {
  const inner = error.cause instanceof Error && depth > 1 ? { cause: safeCause(error.cause, depth - 1) } : {}
  const cause = new Error(
    errorCode(error) ?? 'the message is not shown, as it may quote the credential',
    inner,
  )
  cause.name = NAME.test(error.name) ? error.name : 'Error'
  cause.stack = `${cause.name}: ${cause.message}${stackFrames(error)}`
  return cause
}

const NAME = /^[A-Za-z]\w{0,63}$/

/** For example `ECONNREFUSED`, or a number in LDAP. */
function errorCode(error: Error): string | undefined {
  const code: unknown = 'code' in error ? error.code : undefined
  if (typeof code === 'number') return `code ${code}`
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : undefined
}

/** The frames of a stack, which follow the message. */
function stackFrames({ message, stack = '' }: Error): string {
  const start = stack.indexOf(message)
  if (start === -1) return ''
  const lines = stack.slice(start + message.length).split('\n')
  return lines
    .filter((line) => /^\s+at /.test(line))
    .map((line) => `\n${line}`)
    .join('')
}
