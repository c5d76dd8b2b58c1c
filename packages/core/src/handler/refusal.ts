import type { AuthenticationError } from '../authenticator/errors.ts'
import type { ChallengeHeaders } from './challenges.ts'
import { isCrossSite } from '../request/cross-site/ambient-credential.ts'
import { withWarnings } from '../internal/warning-headers.ts'
import { retryAfter } from '../internal/retry-after.ts'
import { type HttpAnswer, StatusError, type StatusErrorInit } from '../authenticator/status.ts'

/**
 * The response to a refused request. It is a 403 if its credential does not count for requests of other sites. Otherwise it is the same for every reason, except that it may be 503 if a credential could not be checked. If it was
 * not checked because too many checks were in progress, it always is: 503 with `Retry-After` and without a challenge, so that clients do
 * not discard their credential as invalid.
 *
 * Deviation: kube-apiserver responds with 401 whatever the reason (`docs/deviations.md`, 503 for outages).
 */
export function refusal(
  error: AuthenticationError | undefined,
  challenges: ChallengeHeaders,
  warnings: readonly string[],
  unavailableStatus: 401 | 503,
): StatusError {
  if (isCrossSite(error)) return ofAnotherSite(error, warnings)
  const later = error?.retryAfterSeconds === undefined ? undefined : retryAfter(error.retryAfterSeconds)
  if (later !== undefined || (error?.code === 'unavailable' && unavailableStatus === 503)) {
    const headers = { ...later?.headers, ...withWarnings(warnings) }
    return new StatusError({
      status: 503,
      reason: 'ServiceUnavailable',
      message: 'Authentication is temporarily unavailable',
      headers,
      cause: error,
      ...(later !== undefined && { details: later.details }),
    })
  }
  const headers = warnings.length === 0 ? challenges : { ...withWarnings(warnings), ...challenges }
  return unauthorized(headers, error)
}

/** Also for a challenge there is no use: the browser sent a credential. */
function ofAnotherSite(error: AuthenticationError | undefined, warnings: readonly string[]): StatusError {
  const headers = { 'x-content-type-options': 'nosniff', ...withWarnings(warnings) }
  const message = 'requests of other sites are not accepted'
  return new StatusError({ status: 403, reason: 'Forbidden', message, headers, cause: error })
}

function unauthorized(headers: ChallengeHeaders, error: AuthenticationError | undefined): StatusError {
  // Without an error there is no `cause`, not even `undefined`. Two literals, since adding a member to a copy is slow.
  const init: StatusErrorInit =
    error === undefined
      ? { status: 401, reason: 'Unauthorized', message: 'Unauthorized', headers }
      : { status: 401, reason: 'Unauthorized', message: 'Unauthorized', headers, cause: error }
  return new StatusError(init)
}

let lastChallenges: ChallengeHeaders | undefined
let lastAnswer: HttpAnswer

/**
 * The response of a 401 without warnings. One for consecutive requests with the same challenge; not with several, since a server may add to their
 * array.
 *
 * @param challenges frozen.
 */
export function unauthorizedAnswer(challenges: ChallengeHeaders): HttpAnswer {
  if (challenges !== lastChallenges) {
    lastAnswer = unauthorized(challenges, undefined)
    lastChallenges = Array.isArray(challenges['www-authenticate']) ? undefined : challenges
  }
  return lastAnswer
}
