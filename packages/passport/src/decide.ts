import {
  authenticateRequest,
  authenticateRequestShape,
  type AuthenticateRequestOptions,
  type Authentication,
  type Authenticator,
  type Awaitable,
  type Clock,
  type ConfigurationProblem,
  isAuthenticationError,
  isFault,
  isPromiseLike,
  notify,
  type RefusedRequest,
  systemClock,
  warningHeader,
} from '@kube-authn/core'
import {
  type AnyShape,
  aBoolean,
  aClock,
  aRequestAuthenticator,
  must,
  optionProblems,
  type OptionsShape,
  refuseProblems,
} from '@kube-authn/core/options'
import {
  applyHeaderChanges,
  clientContext,
  closeConnection,
  incomingMessageRequest,
  requirePeerCertificates,
  whenOver,
} from '@kube-authn/core/incoming-message'
import { setAuthentication } from './accessors.ts'
import { accountFinder, type AccountOf, type KnownRequest } from './account.ts'
import { aNumberOfSeconds } from './deadline.ts'
import { connectionOf, type Exchange, exchangeOf } from './exchange.ts'
import { guarded } from './guard.ts'

/** How requests are decided in Passport, beyond what every adapter can be told. */
export interface DecideOptions extends Omit<AuthenticateRequestOptions, 'impersonationHeaders'> {
  /**
   * What `req.user` becomes, for an app whose routes know users of another shape: called with the `UserInfo` and the whole
   * `Authentication`. Nothing or `false` refuses the request, as a bad credential does; what it throws counts as with any
   * authenticator. Default: the `UserInfo` itself.
   */
  readonly user?: AccountOf
  /** How long the authenticator, and then `user`, may take before the request counts as one that could not be checked. Default 30. */
  readonly timeoutSeconds?: number
  /**
   * Whether a request without an `Authorization` header may succeed as `system:anonymous`, where the chain says so. With `false`
   * it fails, and the strategies that come next are asked. Default `true`.
   */
  readonly anonymous?: boolean
  /**
   * What happens to a request with `Impersonate-*` headers, which ask to act as another user. With `auto` it is an error with status 403,
   * so that no other strategy is asked. With `pass` the user is the caller, and the headers reach the app: for one that hands them on to a
   * kube-apiserver, and for one with an `impersonation` middleware after Passport. Default `auto`.
   */
  readonly impersonationHeaders?: 'auto' | 'pass'
  readonly clock?: Clock
}

/** The checks of {@link DecideOptions}, for strategies whose options have more. */
export const decideShape: OptionsShape<DecideOptions> = {
  ...authenticateRequestShape,
  user: must('must be a function that says who a user is to the app', (value) => typeof value === 'function'),
  timeoutSeconds: aNumberOfSeconds,
  anonymous: aBoolean,
  impersonationHeaders: must(
    "must be 'auto' or 'pass': Passport sets req.user before any impersonation",
    (value) => value === 'auto' || value === 'pass',
  ),
  clock: aClock,
}

/** What a strategy says in the end. */
export type Verdict =
  | { readonly kind: 'success'; readonly account: object; readonly authentication: Authentication }
  | {
      readonly kind: 'fail'
      /** All challenges in one text (RFC 9110 section 11.6.1): Passport takes one from each strategy, and texts only. */
      readonly challenge: string | undefined
      readonly status: number
      /** Whether a credential was refused, and not just missing or unchecked. */
      readonly isRejection: boolean
    }
  | { readonly kind: 'error'; readonly error: Error }

/** Decides a request of Passport's, and does to it what every adapter does: headers that carried a credential are gone after a success. */
export type Decide = (req: object) => Awaitable<Verdict>

/**
 * Makes it.
 *
 * @throws {ConfigurationError} with everything that is wrong with the options.
 */
export function decider(authenticator: Authenticator, options: DecideOptions): Decide {
  refuseProblems(aRequestAuthenticator(authenticator, 'authenticator'), optionProblems(decideShape, options))
  const { user, timeoutSeconds = 30, anonymous = true, clock = systemClock, ...rest } = options
  const deadline = { seconds: timeoutSeconds, clock }
  requirePeerCertificates(authenticator)
  const authenticate = authenticateRequest(guarded(authenticator, { deadline, anonymous }), rest)
  const { observer, tracing: _, ...unobserved } = rest
  const findAccount = accountFinder({ accountOf: user, deadline, authenticator, options: unobserved })

  return function decide(req) {
    const exchange = exchangeOf(req)
    const { message, target, response } = exchange
    const request = incomingMessageRequest(message, target)
    const onceOver =
      observer === undefined || response === undefined ? undefined : whenOver(message, response)
    const conclude = (decided: KnownRequest | RefusedRequest): Verdict => {
      onceOver?.((status) => notify(observer, { type: 'response', request, status }))
      // Not a failure: the strategies that come next would go by the headers that are left.
      if (request.refusal !== undefined) return { kind: 'error', error: request.refusal }
      return 'failure' in decided ? refuse(exchange, decided) : accept(req, exchange, decided)
    }
    const outcome = authenticate(request, response && clientContext(message, response))
    const known = isPromiseLike(outcome)
      ? outcome.then((decided) => findAccount(request, decided))
      : findAccount(request, outcome)
    return isPromiseLike(known) ? known.then(conclude) : conclude(known)
  }
}

/** Whether a request is refused unread, since headers of it are missing. {@link Decide} answers it with an error. */
export function isUnread(req: object): boolean {
  return incomingMessageRequest(exchangeOf(req).message).refusal !== undefined
}

function accept(req: object, { message, response }: Exchange, outcome: KnownRequest): Verdict {
  const { account, authentication, headerChanges, warnings, closesConnection } = outcome
  if (closesConnection) closeConnection(message)
  applyHeaderChanges(message, headerChanges)
  for (const text of warnings) response?.appendHeader('Warning', warningHeader(text))
  setAuthentication(req, authentication)
  return { kind: 'success', account, authentication }
}

function refuse({ message, response }: Exchange, outcome: RefusedRequest): Verdict {
  const { failure, unresolvedImpersonation, headerChanges, closesConnection } = outcome
  // Another strategy would let the caller in. The headers stay, so that one of ours that is asked after all refuses too.
  if (unresolvedImpersonation !== undefined) return { kind: 'error', error: unresolvedImpersonation }
  const cause = isAuthenticationError(failure.cause) ? failure.cause : undefined
  if (cause !== undefined && isFault(cause)) return { kind: 'error', error: cause }

  // The strategies after this one need the credential; identities that nobody vouched for are for nobody.
  const remove = headerChanges.remove.filter((name) => name !== 'authorization')
  applyHeaderChanges(message, { ...headerChanges, remove })
  for (const value of listOf(failure.headers['warning'])) response?.appendHeader('Warning', value)
  for (const value of listOf(failure.headers['retry-after'])) response?.appendHeader('Retry-After', value)
  if (closesConnection) {
    const connection = connectionOf(message)
    // The next strategy may know the caller.
    response?.once('finish', () => {
      if (response.statusCode === failure.status) closeConnection(connection)
    })
  }
  const challenges = listOf(failure.headers['www-authenticate'])
  return {
    kind: 'fail',
    challenge: challenges.length === 0 ? undefined : challenges.join(', '),
    status: failure.status,
    isRejection: cause?.code === 'rejected',
  }
}

function listOf(values: string | readonly string[] | undefined): readonly string[] {
  if (values === undefined) return []
  return typeof values === 'string' ? [values] : values
}

/**
 * Refuses options that cannot work, together with what else was found.
 *
 * @throws {ConfigurationError} also for a function, as other strategies take one to verify users: it would never be called.
 */
export function requireOptions(
  found: readonly ConfigurationProblem[],
  shape: AnyShape,
  options: unknown,
): void {
  if (typeof options === 'function') {
    const message = 'must be an object; a function that looks at users is the option user'
    refuseProblems(found, [{ path: 'options', message }])
  }
  refuseProblems(found, optionProblems(shape, options))
}
