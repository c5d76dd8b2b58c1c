import {
  type Authentication,
  type AuthenticationRequest,
  type Authenticator,
  type Awaitable,
  type Clock,
  type ConfigurationProblem,
  type Log,
  rejected,
  type UserInfo,
} from '@kube-authn/core'
import {
  aBoolean,
  above,
  applyHeaderChanges,
  authenticateRequest,
  clientContext,
  closeConnection,
  incomingMessageRequest,
  notify,
  type OptionsShape,
  type RequestOutcome,
  requirePeerCertificates,
  warningHeaders,
  whenOver,
} from '@kube-authn/core/adapter'
import {
  aClock,
  andThen,
  type AnyShape,
  aRequestAuthenticator,
  type AuthenticatedRequest,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
  defined,
  isAuthenticationError,
  isFault,
  must,
  optionProblems,
  type RefusedRequest,
  refuseProblems,
  systemClock,
} from '@kube-authn/core/internal'
import { setAuthentication } from './accessors.ts'
import { type Deadline, guarded, inTime, MAX_TIMEOUT_SECONDS } from './deadline.ts'
import { connectionOf, type Exchange, exchangeOf } from './exchange.ts'

/** Options of authentication in Passport, besides those of every adapter. */
export interface DecideOptions extends Omit<AuthenticateRequestOptions, 'impersonationHeaders' | 'log'> {
  /**
   * Where refused requests are logged: a logger such as `console`, pino or winston, a function, or `false`. Default: the `log` of the
   * authenticator, else none, since a later strategy may accept the request.
   */
  readonly log?: Log
  /**
   * Maps the user to `req.user`, for apps whose users have another shape: called with the `UserInfo` and the whole `Authentication`. `undefined`,
   * `null` or `false` refuses the request like a bad credential; errors count as with any authenticator. Default: the `UserInfo` itself.
   */
  readonly user?: FindAccount
  /** The timeout of the authenticator, and then of `user`; after it the authentication counts as unavailable. Default 30. */
  readonly timeoutSeconds?: number
  /**
   * Whether a request without an `Authorization` header may succeed as `system:anonymous`, if the chain allows it. With `false` it fails, and
   * Passport tries the next strategies. Default `true`.
   */
  readonly anonymous?: boolean
  /**
   * How to treat a request with `Impersonate-*` headers. With `auto` it is an error with status 403, so that no other strategy is tried. With `pass`
   * the user is the caller, and the headers reach the app: for apps that forward them to a kube-apiserver, or have an `impersonation` middleware
   * after Passport. Default `auto`.
   */
  readonly impersonationHeaders?: 'auto' | 'pass'
  readonly clock?: Clock
}

export const decideShape: OptionsShape<DecideOptions> = {
  ...authenticateRequestShape,
  user: must(
    'must be a function that maps a user to the account of the app',
    (value) => typeof value === 'function',
  ),
  timeoutSeconds: above(0, MAX_TIMEOUT_SECONDS),
  anonymous: aBoolean,
  impersonationHeaders: must(
    "must be 'auto' or 'pass': Passport sets req.user before any impersonation",
    (value) => value === 'auto' || value === 'pass',
  ),
  clock: aClock,
}

export type Verdict =
  | { readonly kind: 'success'; readonly account: object; readonly authentication: Authentication }
  | {
      readonly kind: 'fail'
      /** All challenges in one string (RFC 9110 section 11.6.1): Passport takes one string from each strategy. */
      readonly challenge: string | undefined
      readonly status: number
      /** Whether a credential was rejected, not missing or unchecked. */
      readonly isRejection: boolean
    }
  | { readonly kind: 'error'; readonly error: Error }

/** Authenticates a request of Passport. As in every adapter, the headers that carried a credential are removed after a success. */
export type Decide = (req: object) => Awaitable<Verdict>

/** Creates a {@link Decide}. @throws {ConfigurationError} with every problem of the options. */
export function decider(authenticator: Authenticator, options: DecideOptions): Decide {
  refuseProblems(aRequestAuthenticator(authenticator, 'authenticator'), optionProblems(decideShape, options))
  const { user, timeoutSeconds = 30, anonymous = true, clock = systemClock, ...rest } = options
  const deadline = { seconds: timeoutSeconds, clock }
  requirePeerCertificates(authenticator)
  // A later strategy may accept what this one refuses.
  const { log = authenticator.log ?? false } = rest
  const authenticate = authenticateRequest(guarded(authenticator, deadline, anonymous), { ...rest, log })
  const { observer, tracing: _, ...unobserved } = rest
  const findAccount = accountFinder(authenticator, user, deadline, unobserved)

  return function decide(req) {
    const exchange = exchangeOf(req)
    const { message, target, response } = exchange
    const request = incomingMessageRequest(message, target)
    const onceOver =
      observer === undefined || response === undefined ? undefined : whenOver(message, response)
    const conclude = (decided: KnownRequest | RefusedRequest): Verdict => {
      onceOver?.((status) => notify(observer, { type: 'response', request, status }))
      // Not a failure: the next strategies would see only the remaining headers.
      if (request.refusal !== undefined) return { kind: 'error', error: request.refusal }
      return 'failure' in decided ? refuse(exchange, decided) : accept(req, exchange, decided)
    }
    const outcome = authenticate(request, response && clientContext(message, response))
    return andThen(
      andThen(outcome, (decided) => findAccount(request, decided)),
      conclude,
    )
  }
}

/** Whether a request is refused because the server dropped headers. {@link Decide} returns an error for it. */
export function isUnread(req: object): boolean {
  return incomingMessageRequest(exchangeOf(req).message).refusal !== undefined
}

function accept(req: object, { message, response }: Exchange, outcome: KnownRequest): Verdict {
  const { account, authentication, headerChanges, warnings, closesConnection } = outcome
  if (closesConnection) closeConnection(message)
  applyHeaderChanges(message, headerChanges)
  for (const value of warningHeaders(warnings)) response?.appendHeader('Warning', value)
  setAuthentication(req, authentication)
  return { kind: 'success', account, authentication }
}

function refuse({ message, response }: Exchange, outcome: RefusedRequest): Verdict {
  const { failure, unresolvedImpersonation, headerChanges, closesConnection } = outcome
  // Another strategy might authenticate the caller. The headers stay, so that a later strategy of this package refuses it too.
  if (unresolvedImpersonation !== undefined) return { kind: 'error', error: unresolvedImpersonation }
  const cause = isAuthenticationError(failure.cause) ? failure.cause : undefined
  if (cause !== undefined && isFault(cause)) return { kind: 'error', error: cause }

  // The next strategies need the credential; unverified identity headers are removed.
  const remove = headerChanges.remove.filter((name) => name !== 'authorization')
  applyHeaderChanges(message, { ...headerChanges, remove })
  for (const value of [failure.headers['warning'] ?? []].flat()) response?.appendHeader('Warning', value)
  for (const name of ['Retry-After', 'DPoP-Nonce'])
    for (const value of [failure.headers[name.toLowerCase()] ?? []].flat())
      response?.appendHeader(name, value)
  if (closesConnection) {
    const connection = connectionOf(message)
    // The next strategy may authenticate the caller.
    response?.once('finish', () => {
      if (response.statusCode === failure.status) closeConnection(connection)
    })
  }
  const challenges = [failure.headers['www-authenticate'] ?? []].flat()
  return {
    kind: 'fail',
    challenge: challenges.length === 0 ? undefined : challenges.join(', '),
    status: failure.status,
    isRejection: cause?.code === 'rejected',
  }
}

/**
 * Refuses invalid options, together with the problems found before.
 *
 * @throws {ConfigurationError} also for a function: other strategies take a verify callback, which would never be called here.
 */
export function requireOptions(
  found: readonly ConfigurationProblem[],
  shape: AnyShape,
  options: unknown,
): void {
  if (typeof options === 'function') {
    const message = 'must be an object; pass a function for users as the option user'
    refuseProblems(found, [{ path: 'options', message }])
  }
  refuseProblems(found, optionProblems(shape, options))
}

/** Maps a user to the app's account; `undefined`, `null` or `false` if it has none. */
export type FindAccount = (
  user: UserInfo,
  authentication: Authentication,
) => Awaitable<object | false | null | undefined>

/** An authenticated request and the app's account. */
export interface KnownRequest extends AuthenticatedRequest {
  readonly account: object
}

/**
 * Maps the outcome of a request to the app's account. A user without an account is refused like a bad credential, and so is one whose account was not found in time.
 *
 * @param authenticator that of the challenges in a refusal.
 * @param findAccount default: the user itself.
 * @param options without an observer: it already received the event of the request.
 */
function accountFinder(
  authenticator: Authenticator,
  findAccount: FindAccount | undefined,
  deadline: Deadline,
  options: Omit<AuthenticateRequestOptions, 'observer' | 'tracing'>,
): (request: AuthenticationRequest, outcome: RequestOutcome) => Awaitable<KnownRequest | RefusedRequest> {
  const { name, credentials } = authenticator

  /** Refuses as if the authenticator had thrown it. */
  const refusalFor = async (request: AuthenticationRequest, thrown: unknown): Promise<RefusedRequest> => {
    const refuses: Authenticator = {
      name,
      ...defined({ credentials }),
      authenticate: () => {
        throw thrown
      },
    }
    const refused = await authenticateRequest(refuses, options)(request)
    if ('failure' in refused) return refused
    throw thrown
  }

  const find = async (
    ask: FindAccount,
    request: AuthenticationRequest,
    outcome: AuthenticatedRequest,
  ): Promise<KnownRequest | RefusedRequest> => {
    const { authentication } = outcome
    try {
      const answer = Promise.resolve().then(() => ask(authentication.user, authentication))
      const account = await inTime(answer, deadline, 'user()')
      if (account === undefined || account === null || account === false) {
        throw rejected('the app does not know this user')
      }
      if (typeof account !== 'object') throw new TypeError('user() must return an object')
      return { ...outcome, account }
    } catch (error) {
      return refusalFor(request, error)
    }
  }

  return (request, outcome) => {
    if ('failure' in outcome) return outcome
    if (findAccount === undefined) return { ...outcome, account: outcome.authentication.user }
    return find(findAccount, request, outcome)
  }
}
