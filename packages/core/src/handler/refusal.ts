import type { AuthenticationError } from '../authenticator/errors.ts'
import { statusAnswer, StatusError, type StatusErrorInit } from '../authenticator/status.ts'
import { type RequestStates, requestStates } from '../internal/request-states.ts'
import { retryAfter } from '../internal/retry-after.ts'
import { withWarnings } from '../internal/warning-headers.ts'
import { isCrossSite } from '../request/cross-site/ambient-credential.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { ChallengeHeaders } from './challenges.ts'
import type { RefusedRequest } from './request-outcome.ts'

/**
 * The response to a refused request. It is a 403 if its credential does not count for requests of other sites. Otherwise it is the same for
 * every reason, except that it may be 503 if a credential could not be checked. If it was not checked because too many checks were in
 * progress, it always is: 503 with `Retry-After` and without a challenge, so that clients do not discard their credential as invalid.
 *
 * Deviation: kube-apiserver responds with 401 whatever the reason (`docs/deviations.md`, 503 for outages).
 */
export function refusal(
  error: AuthenticationError | undefined,
  challenges: ChallengeHeaders,
  warnings: readonly string[],
  unavailableStatus: 401 | 503,
): StatusErrorInit {
  // Without an error there is no `cause`, not even `undefined`.
  const cause = error === undefined ? {} : { cause: error }
  if (isCrossSite(error)) {
    // A challenge would be of no use: the browser sent a credential.
    const headers = { 'x-content-type-options': 'nosniff', ...withWarnings(warnings) }
    const message = 'requests of other sites are not accepted'
    return { status: 403, reason: 'Forbidden', message, headers, ...cause }
  }
  const later = error?.retryAfterSeconds === undefined ? undefined : retryAfter(error.retryAfterSeconds)
  if (later !== undefined || (error?.code === 'unavailable' && unavailableStatus === 503)) {
    return {
      status: 503,
      reason: 'ServiceUnavailable',
      message: 'Authentication is temporarily unavailable',
      headers: { ...later?.headers, ...withWarnings(warnings) },
      ...(later !== undefined && { details: later.details }),
      ...cause,
    }
  }
  const headers = { ...withWarnings(warnings), ...challenges }
  return { status: 401, reason: 'Unauthorized', message: 'Unauthorized', headers, ...cause }
}

/** The outcome of a refused request. Its error is made when it is read: with its stack trace that takes longer than all the rest, and the default response does not need it. */
export function refusedRequest(
  init: StatusErrorInit,
  { headerChanges, closesConnection }: Pick<RefusedRequest, 'headerChanges' | 'closesConnection'>,
): RefusedRequest {
  let failure: StatusError | undefined
  return {
    headerChanges,
    closesConnection,
    get failure() {
      return (failure ??= new StatusError(init))
    },
    get answer() {
      return failure ?? statusAnswer(init)
    },
  }
}

/** Makes the 401 of a request, with its challenges. */
export type Unauthorized = () => StatusError

const unauthorized: RequestStates<Unauthorized> = requestStates('unauthorized@1')

/** Keeps the 401 of a request for guards, which do not know the schemes of the authenticator. */
export function keepUnauthorized(request: AuthenticationRequest, answer: Unauthorized): void {
  // A guard of a frozen request refuses it without challenges.
  if (Object.isExtensible(request)) unauthorized.keep(request, answer)
}

/** The 401 of a request that is not authenticated; `undefined` if it is, or if it was not tried. */
export function unauthorizedFor(request: AuthenticationRequest): Unauthorized | undefined {
  return unauthorized.of(request)
}
