import { advise } from '../internal/log/app-warnings.ts'
import { areSameAudiences, intersectAudiences } from '../authenticator/audiences.ts'
import type { Authentication, Authenticator, HeaderChanges } from '../authenticator/authenticator.ts'
import { askRequest, attempt, type Opinion } from '../authenticator/consult.ts'
import { credentialHeaders } from '../authenticator/known-credentials.ts'
import { asAuthenticationError, type AuthenticationError, rejected } from '../authenticator/errors.ts'
import type { Log } from '../authenticator/log.ts'
import { StatusError } from '../authenticator/status.ts'
import { failFast } from '../authenticator/union.ts'
import { checkedUser, isUnauthenticated } from '../authenticator/user.ts'
import { isPromiseLike, promiseOf } from '../internal/awaitable.ts'
import { aRequestAuthenticator, optionProblems, refuseProblems } from '../internal/options/index.ts'
import { isLogged, logRefusal, writeRefusal } from '../logging/log-refusal.ts'
import { anonymous } from '../request/anonymous/anonymous.ts'
import { accumulateHeaderChanges } from '../request/headers/changes.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import {
  type AuthenticateRequestContext,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
} from './authenticate-request-options.ts'
import { type Challenges, challengesFor, NO_CHALLENGES } from './challenges.ts'
import { asksToImpersonate, type ImpersonationRule, unlessUnhandled } from './impersonation-rule.ts'
import { keepUnauthorized, refusal, refusedRequest } from './refusal.ts'
import { RequestContext } from './request-context.ts'
import type { RequestOutcome } from './request-outcome.ts'
import { inTrace } from './tracing.ts'

/** Authenticates one request. It never throws and never rejects. */
export type AuthenticateRequest = (
  request: AuthenticationRequest,
  context?: AuthenticateRequestContext,
) => RequestOutcome | Promise<RequestOutcome>

/**
 * Authenticates requests, for all adapters.
 *
 * 0. A request with missing parts is refused with its `refusal`, and no authenticator is called.
 * 1. The authenticator is called with the configured audiences.
 * 2. An error or no opinion is a 401 with a fixed message, whatever the reason; a server too busy to check responds with 503.
 * 3. A user without a name, or whose credential is valid only for other audiences, is refused the same way.
 * 4. A request with `Impersonate-*` headers is refused with 403 unless impersonation follows.
 * 5. On success the headers that carried the credential are removed, and so are all front-proxy headers, whichever authenticator accepted the request.
 *
 * Source: apiserver `pkg/endpoints/filters/authentication.go`.
 *
 * Deviation: kube-apiserver always impersonates (`docs/deviations.md`, impersonation that is not served).
 *
 * @throws {ConfigurationError} if the options are invalid.
 * @example
 * const authenticate = authenticateRequest(chain, { audiences: ['https://api.example.com'] })
 * const outcome = await authenticate(fetchRequest(request))
 * if ('failure' in outcome) return outcome.failure.getResponse()
 */
export function authenticateRequest(
  authenticator: Authenticator,
  options: AuthenticateRequestOptions = {},
): AuthenticateRequest {
  return authenticateOrSend(authenticator, options)
}

/** The same for an adapter. @param sendsToLogin for the log: whether a refused request is a redirect to a login. */
export function authenticateOrSend(
  authenticator: Authenticator,
  options: AuthenticateRequestOptions,
  sendsToLogin: SendsToLogin = () => false,
): AuthenticateRequest {
  // Deviation: kube-apiserver without an authenticator accepts every request (`docs/deviations.md`, no authenticator).
  refuseProblems(
    aRequestAuthenticator(authenticator, 'authenticator'),
    optionProblems(authenticateRequestShape, options),
  )
  const rules = rulesOf(authenticator, options, sendsToLogin)
  const { observer, tracing } = options
  if (tracing === undefined) {
    return (request, given) => authenticateOne(rules, request, given)
  }
  return (request, given = {}) =>
    inTrace(
      () => tracing(request, given),
      observer,
      (watching) => authenticateOne(rules, request, given, watching),
    )
}

/** Whether the response to a refused request is a redirect to a login, which reads the sessions that this authenticator does. */
export type SendsToLogin = (request: AuthenticationRequest, authenticator: Authenticator) => boolean

/** How all requests are judged. */
interface Rules extends ImpersonationRule {
  readonly sendsToLogin: SendsToLogin
  readonly authenticator: Authenticator
  /** The same without what `optional` adds. */
  readonly mounted: Authenticator
  readonly audiences: readonly string[] | undefined
  readonly trustedOrigins: readonly string[] | undefined
  readonly challenges: Challenges
  readonly unavailableStatus: 401 | 503
  readonly closesHttp2: boolean
  readonly log: Log | undefined
  /** The changes for an accepted request, or with `undefined` for a refused one. */
  readonly headerChangesFor: (consumed: HeaderChanges | undefined) => HeaderChanges
}

function rulesOf(
  authenticator: Authenticator,
  options: AuthenticateRequestOptions,
  sendsToLogin: SendsToLogin,
): Rules {
  const asked = options.optional === true ? orAnonymous(authenticator) : authenticator
  const { schemes = [], proofAlgorithms, trustedOrigins, identityHeaders = [] } = asked.credentials ?? {}
  const challenges = challengesFor(schemes, {
    realm: options.realm ?? 'kubernetes-master',
    basicForScripts: options.challenges === 'all',
    resourceMetadataUrl: options.resourceMetadataUrl,
    scopes: options.scopes,
    proofAlgorithms,
  })
  return {
    authenticator: asked,
    mounted: authenticator,
    sendsToLogin,
    audiences: options.audiences ?? authenticator.audiences,
    trustedOrigins,
    challenges: options.challenges === 'none' ? () => NO_CHALLENGES : challenges,
    unavailableStatus: options.unavailableStatus ?? 401,
    closesHttp2: options.closeUnauthenticatedHttp2 ?? true,
    impersonationHeaders: options.impersonationHeaders ?? 'auto',
    observer: options.observer,
    log: options.log ?? authenticator.log,
    headerChangesFor: accumulateHeaderChanges(ALWAYS_REMOVED, identityHeaders),
  }
}

/**
 * The same authenticator, for which a request without a credential is anonymous. A request is not without one if it has an `Authorization`
 * header, even of a scheme that the authenticator does not know.
 */
function orAnonymous(authenticator: Authenticator): Authenticator {
  const user = anonymous()
  const withoutCredential: Authenticator = {
    ...user,
    authenticate: (request, context) =>
      request.headers.first('authorization') === undefined ? user.authenticate(request, context) : undefined,
  }
  return failFast(authenticator, withoutCredential)
}

/** One request, and how it is judged. */
interface Asked {
  readonly rules: Rules
  readonly request: AuthenticationRequest
  readonly given: AuthenticateRequestContext | undefined
  readonly context: RequestContext
}

function authenticateOne(
  rules: Rules,
  request: AuthenticationRequest,
  given: AuthenticateRequestContext | undefined,
  observer = rules.observer,
): RequestOutcome | Promise<RequestOutcome> {
  const { audiences, trustedOrigins } = rules
  const context = new RequestContext(request, given, { audiences, trustedOrigins, observer })
  const asked = { rules, request, given, context }
  if (request.refusal !== undefined) return refuseUnread(asked, request.refusal)
  const opinion = attempt(askRequest, rules.authenticator, request, context)
  return isPromiseLike(opinion)
    ? promiseOf(opinion).then((late) => conclude(asked, late))
    : conclude(asked, opinion)
}

/** A request with missing parts. */
function refuseUnread({ rules, request, context }: Asked, failure: StatusError): RequestOutcome {
  context.report({ result: 'error', error: rejected(failure.message) })
  const { log, authenticator } = rules
  logRefusal(log, { request, failure, by: 'authentication', authenticator })
  return { headerChanges: changesOfRefused(rules), failure, answer: failure, closesConnection: false }
}

function conclude(asked: Asked, { answer, error }: Opinion): RequestOutcome {
  if (answer === undefined) {
    const own = error === undefined ? acceptedBefore(asked) : undefined
    return own === undefined ? refuse(asked, error) : accept(asked, own, changesOfRefused(asked.rules))
  }
  let authentication: Authentication
  let headerChanges: HeaderChanges
  try {
    authentication = { ...answer, user: checkedUser(answer.user) }
    if (asked.rules.audiences !== undefined) requireAudience(authentication, asked.rules.audiences)
    headerChanges = asked.rules.headerChangesFor(authentication.consumed)
  } catch (thrown) {
    // An unacceptable answer is handled like a bad credential.
    return refuse(asked, asAuthenticationError(thrown))
  }
  const own = isUnauthenticated(authentication.user) ? acceptedBefore(asked) : undefined
  return accept(asked, own ?? authentication, headerChanges)
}

/** The user that the same authenticator accepted before for the same audiences, and whose credential it removed: authentication is mounted twice. */
function acceptedBefore({ rules, given }: Asked): Authentication | undefined {
  const { accepted } = given ?? {}
  // Another one may not be optional.
  if (accepted?.authenticator !== rules.mounted || accepted.isAnonymous) return undefined
  return areSameAudiences(accepted.audiences, rules.audiences) ? accepted.authentication : undefined
}

/** @throws {AuthenticationError} `rejected` if the credential is valid for other audiences only. */
function requireAudience({ audiences: valid = [] }: Authentication, audiences: readonly string[]): void {
  // Without any, nothing is known about them.
  if (valid.length === 0) return
  if (intersectAudiences(audiences, valid).length > 0) return
  throw rejected('the credential is not valid for the audiences of this server')
}

function accept(asked: Asked, authentication: Authentication, headerChanges: HeaderChanges): RequestOutcome {
  const { rules, request, given, context } = asked
  const { user } = authentication
  const { warnings } = context
  const isAnonymous = isUnauthenticated(user)
  if (isAnonymous) {
    keepUnauthorized(
      request,
      () => new StatusError(refusal(undefined, rules.challenges(request, undefined), warnings, 401)),
    )
  }
  context.report({ result: 'success', user })
  const closesConnection = isAnonymous && closesAfter(request, rules)
  const by = { authenticator: rules.mounted, audiences: rules.audiences }
  const accepted = { authentication, headerChanges, warnings, closesConnection, isAnonymous, ...by }
  return asksToImpersonate(request, given) ? unlessUnhandled(rules, request, accepted, given) : accepted
}

/** @param error `undefined`: the request has no credential. */
function refuse(
  { rules, request, given, context }: Asked,
  error: AuthenticationError | undefined,
): RequestOutcome {
  const { authenticator, log } = rules
  if (context.observer !== undefined) {
    const headers = credentialHeaders(authenticator)
    context.report({
      ...(error === undefined ? { result: 'failure' } : { result: 'error', error }),
      ...(headers.length > 0 && { credentialHeaders: headers }),
    })
  }
  const outcome = refusedRequest(
    refusal(error, rules.challenges(request, error), context.warnings, rules.unavailableStatus),
    { headerChanges: changesOfRefused(rules), closesConnection: closesAfter(request, rules) },
  )
  keepUnauthorized(request, () => outcome.failure)
  // Every 503 is for an error that is logged anyway.
  if (log !== false && isLogged(log, 401, error)) {
    writeRefusal(log, error?.message ?? '', () => {
      const { failure } = outcome
      const isSent = failure.status === 401 && error?.code !== 'unavailable'
      const toLogin = isSent && rules.sendsToLogin(request, authenticator)
      const isAcceptedBefore = given?.accepted?.isAnonymous === false
      return { request, failure, by: 'authentication', error, authenticator, isAcceptedBefore, toLogin }
    })
  } else if (error === undefined && isPreflight(request)) advise(log, 'KUBE_AUTHN_PREFLIGHT')
  return outcome
}

/** The identity headers are removed, in case that the request is passed on. */
function changesOfRefused({ headerChangesFor }: Rules): HeaderChanges {
  try {
    return headerChangesFor(undefined)
  } catch {
    // The configured headers cannot be read, which is also why the request is refused.
    return ALWAYS_REMOVED
  }
}

function closesAfter({ httpVersionMajor }: AuthenticationRequest, { closesHttp2 }: Rules): boolean {
  return closesHttp2 && httpVersionMajor === 2
}

/** Source: the Fetch standard, CORS-preflight request. */
function isPreflight({ method, headers }: AuthenticationRequest): boolean {
  return method === 'OPTIONS' && headers.first('access-control-request-method') !== undefined
}

/** The headers that kube-apiserver removes even if no front proxy is configured. */
const ALWAYS_REMOVED: HeaderChanges = {
  remove: ['authorization', 'x-remote-user', 'x-remote-uid', 'x-remote-group'],
  removePrefixes: ['x-remote-extra-'],
  removeTwinsOf: ['impersonate-', 'impersonate-extra-'],
}
