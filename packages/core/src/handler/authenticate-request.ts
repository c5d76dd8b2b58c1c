import { advise } from '../authenticator/advise.ts'
import type { Authentication, Authenticator, HeaderChanges } from '../authenticator/authenticator.ts'
import { credentialHeaders } from '../authenticator/credential-headers.ts'
import { emptyContext } from '../authenticator/context.ts'
import { asAuthenticationError, type AuthenticationError, rejected } from '../authenticator/errors.ts'
import type { Observer } from '../authenticator/events.ts'
import { accumulateHeaderChanges } from '../request/headers/changes.ts'
import { hasPrefix } from '../request/headers/has-prefix.ts'
import { isLater, type Opinion, opinionOf, Refused } from '../authenticator/opinion.ts'
import { RecurringAnswer } from '../authenticator/recurring-answer.ts'
import { isLogged, logRefusal } from '../logging/log-refusal.ts'
import { aRequestAuthenticator, optionProblems, refuseProblems } from '../internal/options/index.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { StatusError } from '../authenticator/status.ts'
import { isUnauthenticated } from '../authenticator/user.ts'
import {
  type AuthenticateRequestContext,
  type AuthenticateRequestOptions,
  authenticateRequestShape,
} from './authenticate-request-options.ts'
import { challengesFor, NO_CHALLENGES } from './challenges.ts'
import { checkedAnswer } from './checked-answer.ts'
import type { AuthenticatedRequest, RequestOutcome } from './request-outcome.ts'
import { IMPERSONATION_PREFIX, impersonationRule } from './impersonation-rule.ts'
import { refusal } from './refusal.ts'
import { refusedAtOnce, type RefuseRequest } from './refused-request.ts'
import { NO_WARNINGS, RequestContext } from './request-context.ts'
import { orAnonymous } from './without-credential.ts'
import { keepUnauthorized } from './unauthorized.ts'
import { inTrace, type RequestTrace } from './tracing.ts'

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
 * 5. On success the headers that carried the credential are removed, and so are all front-proxy headers, whichever authenticator accepted
 *    the request.
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
  return authenticateRequestWith(refusedAtOnce, authenticator, options)
}

/** The same, with outcomes of refused requests that are made in another way. */
export function authenticateRequestWith(
  refusedRequest: RefuseRequest,
  authenticator: Authenticator,
  options: AuthenticateRequestOptions,
): AuthenticateRequest {
  // Deviation: kube-apiserver without an authenticator accepts every request (`docs/deviations.md`, no authenticator).
  refuseProblems(
    aRequestAuthenticator(authenticator, 'authenticator'),
    optionProblems(authenticateRequestShape, options),
  )
  const asked = options.optional === true ? orAnonymous(authenticator) : authenticator
  const {
    audiences = authenticator.audiences,
    observer,
    log = authenticator.log,
    tracing,
    closeUnauthenticatedHttp2: closesHttp2 = true,
  } = options
  const challenges =
    options.challenges === 'none'
      ? () => NO_CHALLENGES
      : challengesFor(asked.credentials?.schemes ?? [], {
          realm: options.realm ?? 'kubernetes-master',
          basicForScripts: options.challenges === 'all',
          resourceMetadataUrl: options.resourceMetadataUrl,
          scopes: options.scopes,
        })

  const trustedOrigins = asked.credentials?.trustedOrigins
  const identityHeaders = asked.credentials?.identityHeaders ?? []
  const headerChangesFor = accumulateHeaderChanges(ALWAYS_REMOVED, identityHeaders)

  /** @throws {unknown} if the answer is unacceptable, which is handled like a bad credential. */
  const accept = (answer: Authentication): AuthenticatedRequest => {
    const authentication = checkedAnswer(answer, audiences)
    const headerChanges = headerChangesFor(authentication.consumed)
    const isAnonymous = isUnauthenticated(authentication.user)
    return { authentication, headerChanges, warnings: NO_WARNINGS, closesConnection: false, isAnonymous }
  }
  // Identity headers may change when a configuration is reloaded.
  const acceptance =
    identityHeaders.length > 0
      ? accept
      : RecurringAnswer.concluding((answer) =>
          answer instanceof RecurringAnswer ? Object.freeze(accept(answer)) : accept(answer),
        )

  const unlessUnhandled = impersonationRule(options.impersonationHeaders ?? 'auto', observer, log)

  const identityHeaderChanges = (): HeaderChanges => {
    try {
      return headerChangesFor(undefined)
    } catch {
      // The configured headers cannot be read, which is also why the request is refused.
      return ALWAYS_REMOVED
    }
  }

  const refuse = (
    request: AuthenticationRequest,
    context: RequestContext,
    error: AuthenticationError | undefined,
  ): RequestOutcome => {
    if (context.observer !== undefined) {
      const headers = credentialHeaders(asked)
      context.report(request, {
        ...(error === undefined ? { result: 'failure' } : { result: 'error', error }),
        ...(headers.length > 0 && { credentialHeaders: headers }),
      })
    }
    const { unavailableStatus = 401 } = options
    const outcome = refusedRequest(
      error,
      challenges(request, error, context),
      context.warnings,
      unavailableStatus,
      {
        headerChanges: identityHeaderChanges(),
        closesConnection: closesHttp2 && request.httpVersionMajor === 2,
      },
    )
    keepUnauthorized(request, () => outcome.failure)
    // Every 503 is for an error that is logged anyway.
    if (isLogged(log, 401, error)) {
      logRefusal(log, {
        request,
        failure: outcome.failure,
        by: 'authentication',
        error,
        authenticator: asked,
      })
    } else if (error === undefined && isPreflight(request)) advise(log, 'preflight')
    return outcome
  }

  const conclude = (
    request: AuthenticationRequest,
    context: RequestContext,
    given: AuthenticateRequestContext | undefined,
    opinion: Opinion,
  ): RequestOutcome => {
    if (opinion === undefined) return refuse(request, context, undefined)
    if (opinion instanceof Refused) return refuse(request, context, opinion.error)
    let accepted: AuthenticatedRequest
    try {
      accepted = acceptance(opinion)
    } catch (thrown) {
      return refuse(request, context, asAuthenticationError(thrown))
    }
    const { user } = accepted.authentication
    const { warnings } = context
    const { isAnonymous } = accepted
    const closesConnection = isAnonymous && closesHttp2 && request.httpVersionMajor === 2
    if (isAnonymous) {
      keepUnauthorized(request, () =>
        refusal(undefined, challenges(request, undefined, context), warnings, 401),
      )
    }
    if (closesConnection || warnings.length > 0) accepted = { ...accepted, warnings, closesConnection }
    if (context.observer !== undefined) context.report(request, { result: 'success', user })
    const { headers } = request
    const asksToImpersonate =
      given?.askedToImpersonate === true ||
      (headers.hasPrefix?.(IMPERSONATION_PREFIX) ?? hasPrefix(headers, IMPERSONATION_PREFIX))
    return asksToImpersonate ? unlessUnhandled(request, accepted, given) : accepted
  }

  // A separate function, so that synchronous decisions create no closures.
  const decideLater = (
    request: AuthenticationRequest,
    context: RequestContext,
    given: AuthenticateRequestContext | undefined,
    opinion: Promise<Opinion>,
  ): Promise<RequestOutcome> => opinion.then((late) => conclude(request, context, given, late))

  const refuseUnread = (
    request: AuthenticationRequest,
    context: RequestContext,
    failure: StatusError,
  ): RequestOutcome => {
    context.report(request, { result: 'error', error: rejected(failure.message) })
    logRefusal(log, { request, failure, by: 'authentication', authenticator })
    return { headerChanges: identityHeaderChanges(), failure, closesConnection: false }
  }

  const authenticateWatchedBy = (watching: Observer | undefined): AuthenticateRequest =>
    function authenticateOne(request, given) {
      const context = new RequestContext(request, audiences, trustedOrigins, watching, given ?? emptyContext)
      if (request.refusal !== undefined) return refuseUnread(request, context, request.refusal)
      const opinion = opinionOf(asked, request, context)
      if (isLater(opinion)) return decideLater(request, context, given, opinion)
      return conclude(request, context, given, opinion)
    }

  if (tracing === undefined) return authenticateWatchedBy(observer)
  return function authenticateTraced(request, given) {
    const begin = (): RequestTrace => tracing(request, given ?? emptyContext)
    return inTrace(begin, observer, (watching) => authenticateWatchedBy(watching)(request, given))
  }
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
