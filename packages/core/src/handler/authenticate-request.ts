import type { Authentication, Authenticator, HeaderChanges } from '../authenticator.ts'
import { andThen, type Awaitable, settle } from '../awaitable.ts'
import { consult } from '../consult.ts'
import { emptyContext } from '../context.ts'
import { asAuthenticationError, type AuthenticationError, rejected } from '../errors.ts'
import type { Observer } from '../events.ts'
import { accumulateHeaderChanges } from '../headers/changes.ts'
import {
  aBoolean,
  aFunction,
  aRequestAuthenticator,
  optionProblems,
  must,
  oneOf,
  type OptionsShape,
  refuseProblems,
  someAudiences,
} from '../options/index.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { StatusError } from '../status.ts'
import { isUnauthenticated } from '../user.ts'
import { challengesFor } from './challenges.ts'
import { checkedAnswer } from './checked-answer.ts'
import { impersonationRule } from './impersonation-rule.ts'
import { refusal } from './refusal.ts'
import { RequestContext } from './request-context.ts'

/** How requests are authenticated, beyond the authenticator itself. The same in every adapter. */
export interface AuthenticateRequestOptions {
  /** What credentials must be valid for (`--api-audiences`). Must not be empty. Default: what the authenticator says. */
  readonly audiences?: readonly string[]
  /** `auto` (default) challenges with every scheme the chain accepts; `none` is kube-apiserver's own behaviour. */
  readonly challenges?: 'auto' | 'none'
  /** The realm of the challenges. Default `kubernetes-master`, as kube-apiserver had it. */
  readonly realm?: string
  /**
   * The status when a credential could not be checked. Default 401, as in Kubernetes. A check that was not made because too many were
   * under way is always a 503, with `Retry-After`.
   *
   * Deviation: 503 is possible (`docs/deviations.md`, 503 for outages).
   */
  readonly unavailableStatus?: 401 | 503
  /**
   * Close an HTTP/2 connection after a request of nobody known, so that it costs something to keep one open. Default `true`,
   * as kube-apiserver's gate `UnauthenticatedHTTP2DOSMitigation`.
   */
  readonly closeUnauthenticatedHttp2?: boolean
  /**
   * What happens to a request with `Impersonate-*` headers, which ask to act as another user.
   *
   * - `auto` (default): it is refused with 403, unless impersonation is known to follow
   *   ({@link AuthenticateRequestContext.impersonates}).
   * - `later`: impersonation follows, where it cannot be seen. Until then the request has no user.
   * - `pass`: the headers reach the app, which hands them on to a kube-apiserver. Here the caller is the user.
   */
  readonly impersonationHeaders?: 'auto' | 'later' | 'pass'
  /** Told of every request and of what every authenticator thought of it. */
  readonly observer?: Observer
}

/** The checks of {@link AuthenticateRequestOptions}, for adapters whose options have more. */
export const authenticateRequestShape: OptionsShape<AuthenticateRequestOptions> = {
  audiences: someAudiences,
  challenges: oneOf('auto', 'none'),
  realm: must('must be printable ASCII', (value) => typeof value === 'string' && !/[^\x20-\x7e]/.test(value)),
  unavailableStatus: must('must be 401 or 503', (value) => value === 401 || value === 503),
  closeUnauthenticatedHttp2: aBoolean,
  impersonationHeaders: oneOf('auto', 'later', 'pass'),
  observer: aFunction,
}

/** What is known of one request beyond itself. Members are read when they are needed, so any may be a getter. */
export interface AuthenticateRequestContext {
  /**
   * Whether `impersonateRequest` decides this request next. Read only when the request has `Impersonate-*` headers. Default `false`.
   */
  readonly impersonates?: boolean | undefined
  /**
   * Whether this request asked before to act as another user, by headers that are gone: what was granted or refused then would be
   * undone, so another authentication is refused. Default `false`.
   */
  readonly askedToImpersonate?: boolean | undefined
  /** What authenticators find in their context: it should end with the client. Read only when one of them asks for it. */
  readonly signal?: AbortSignal | undefined
}

/** The request is somebody's. */
export interface AuthenticatedRequest {
  readonly authentication: Authentication
  /**
   * There when the request asks to act as another user, and impersonation has to decide first: until then the request has no user,
   * and this refuses it wherever one is needed.
   */
  readonly unresolvedImpersonation?: StatusError
  /** What to do to the headers before the application sees them. */
  readonly headerChanges: HeaderChanges
  /** Texts for the client, each to be sent as a `Warning` header. */
  readonly warnings: readonly string[]
  /** HTTP/2 only: close the connection after this answer, so that a nobody cannot keep one open at no cost. */
  readonly closesConnection: boolean
}

/** The request is refused. */
export interface RefusedRequest {
  /** With the warnings in its headers. */
  readonly failure: StatusError
  /** The failure, where the request is refused for asking to act as another user: it has no user after that, whatever is asked next. */
  readonly unresolvedImpersonation?: StatusError
  /** What to do to the headers before anybody else sees the request after all: identities that nobody vouched for. */
  readonly headerChanges: HeaderChanges
  readonly closesConnection: boolean
}

/** What became of a request. */
export type RequestOutcome = AuthenticatedRequest | RefusedRequest

/** Decides one request. It never throws and never rejects. */
export type AuthenticateRequest = (
  request: AuthenticationRequest,
  context?: AuthenticateRequestContext,
) => Awaitable<RequestOutcome>

/**
 * What happens to a request, in one place for all adapters.
 *
 * 0. A request of which a part is missing is refused as its `refusal` says, and nobody is asked.
 * 1. The authenticator is asked, for the configured audiences.
 * 2. An error or no opinion is a 401 with a fixed text, whatever the reason; a server too busy to check is a 503.
 * 3. A user whose credential is valid for other audiences only, or who has no name, is refused likewise.
 * 4. A user who asks to act as another, by `Impersonate-*` headers, is refused with 403 unless impersonation follows.
 * 5. On success the headers that carried the credential go, and so do all front-proxy headers, whoever authenticated.
 *
 * Source: apiserver `pkg/endpoints/filters/authentication.go`.
 *
 * Deviation: kube-apiserver always impersonates (`docs/deviations.md`, impersonation that is not served).
 *
 * @throws {ConfigurationError} when the options cannot work.
 * @example
 * const authenticate = authenticateRequest(chain, { audiences: ['https://api.example.com'] })
 * const outcome = await authenticate(fetchRequest(request))
 * if ('failure' in outcome) return outcome.failure.getResponse()
 */
export function authenticateRequest(
  authenticator: Authenticator,
  options: AuthenticateRequestOptions = {},
): AuthenticateRequest {
  // Deviation: kube-apiserver without an authenticator lets everybody pass (`docs/deviations.md`, no authenticator).
  refuseProblems(
    aRequestAuthenticator(authenticator, 'authenticator'),
    optionProblems(authenticateRequestShape, options),
  )
  const {
    audiences = authenticator.audiences,
    observer,
    closeUnauthenticatedHttp2: closesHttp2 = true,
  } = options
  const challenges =
    options.challenges === 'none'
      ? () => []
      : challengesFor(authenticator.credentials?.schemes ?? [], options.realm ?? 'kubernetes-master')

  const headerChangesFor = accumulateHeaderChanges(
    ALWAYS_REMOVED,
    authenticator.credentials?.identityHeaders ?? [],
  )

  /** `undefined` when nobody knows the caller. What is wrong with an answer is thrown, as a bad credential would be. */
  const accept = (
    request: AuthenticationRequest,
    context: RequestContext,
    answer: Authentication | undefined,
  ): AuthenticatedRequest | undefined => {
    if (answer === undefined) return undefined
    const authentication = checkedAnswer(answer, audiences)
    const accepted = {
      authentication,
      headerChanges: headerChangesFor(authentication.consumed),
      warnings: context.warnings,
      closesConnection:
        closesHttp2 && request.httpVersionMajor === 2 && isUnauthenticated(authentication.user),
    }
    if (observer !== undefined) context.report(request, { result: 'success', user: authentication.user })
    return accepted
  }

  const unlessUnhandled = impersonationRule(options.impersonationHeaders ?? 'auto', observer)

  const identityHeaderChanges = (): HeaderChanges => {
    try {
      return headerChangesFor(undefined)
    } catch {
      // What is configured cannot be read, which is why the request is refused.
      return ALWAYS_REMOVED
    }
  }

  const refuse = (
    request: AuthenticationRequest,
    context: RequestContext,
    error: AuthenticationError | undefined,
  ): RequestOutcome => {
    if (observer !== undefined) {
      context.report(request, error === undefined ? { result: 'failure' } : { result: 'error', error })
    }
    return {
      headerChanges: identityHeaderChanges(),
      failure: refusal(error, challenges(request, error), context.warnings, options.unavailableStatus ?? 401),
      closesConnection: closesHttp2 && request.httpVersionMajor === 2,
    }
  }

  const refuseUnread = (
    request: AuthenticationRequest,
    context: RequestContext,
    failure: StatusError,
  ): RequestOutcome => {
    context.report(request, { result: 'error', error: rejected(failure.message) })
    return { headerChanges: identityHeaderChanges(), failure, closesConnection: false }
  }

  return function authenticateOne(request, given) {
    const context = new RequestContext(request, audiences, observer, given ?? emptyContext)
    if (request.refusal !== undefined) return refuseUnread(request, context, request.refusal)
    return settle<AuthenticatedRequest | undefined, RequestOutcome>(
      () => andThen(consult(authenticator, request, context), (answer) => accept(request, context, answer)),
      (accepted) =>
        accepted === undefined
          ? refuse(request, context, undefined)
          : unlessUnhandled(request, accepted, given),
      (thrown) => refuse(request, context, asAuthenticationError(thrown)),
    )
  }
}

/** What kube-apiserver's handler removes whether or not a front proxy is configured. */
const ALWAYS_REMOVED: HeaderChanges = {
  remove: ['authorization', 'x-remote-user', 'x-remote-uid', 'x-remote-group'],
  removePrefixes: ['x-remote-extra-'],
  removeTwinsOf: ['impersonate-', 'impersonate-extra-'],
}
