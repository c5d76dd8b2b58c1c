import type { Authentication, Authenticator, HeaderChanges } from '../authenticator.ts'
import { andThen, type Awaitable, settle } from '../awaitable.ts'
import { consult } from '../consult.ts'
import { asAuthenticationError, type AuthenticationError } from '../errors.ts'
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
   * The status when a credential could not be checked. Default 401, as in Kubernetes.
   *
   * Deviation: 503 is possible (`docs/deviations.md`, 503 for outages).
   */
  readonly unavailableStatus?: 401 | 503
  /**
   * Close an HTTP/2 connection after a request of nobody known, so that it costs something to keep one open. Default `true`,
   * as kube-apiserver's gate `UnauthenticatedHTTP2DOSMitigation`.
   */
  readonly closeUnauthenticatedHttp2?: boolean
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
  observer: aFunction,
}

/** The request is somebody's. */
export interface AuthenticatedRequest {
  readonly authentication: Authentication
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
  /** What to do to the headers before anybody else sees the request after all: identities that nobody vouched for. */
  readonly headerChanges: HeaderChanges
  readonly closesConnection: boolean
}

/** What became of a request. */
export type RequestOutcome = AuthenticatedRequest | RefusedRequest

/** Decides one request. It never throws and never rejects. */
export type AuthenticateRequest = (request: AuthenticationRequest) => Awaitable<RequestOutcome>

/**
 * What happens to a request, in one place for all adapters.
 *
 * 1. The authenticator is asked, for the configured audiences.
 * 2. An error or no opinion is a 401 with a fixed text, whatever the reason.
 * 3. A user whose credential is valid for other audiences only, or who has no name, is refused likewise.
 * 4. On success the headers that carried the credential go, and so do all front-proxy headers, whoever authenticated.
 *
 * Source: apiserver `pkg/endpoints/filters/authentication.go`.
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

  return function authenticateOne(request) {
    const context = new RequestContext(audiences, observer)
    return settle<AuthenticatedRequest | undefined, RequestOutcome>(
      () => andThen(consult(authenticator, request, context), (answer) => accept(request, context, answer)),
      (accepted) => accepted ?? refuse(request, context, undefined),
      (thrown) => refuse(request, context, asAuthenticationError(thrown)),
    )
  }
}

/** What kube-apiserver's handler removes whether or not a front proxy is configured. */
const ALWAYS_REMOVED: HeaderChanges = {
  remove: ['authorization', 'x-remote-user', 'x-remote-uid', 'x-remote-group'],
  removePrefixes: ['x-remote-extra-'],
}
