import type { AuthenticationError } from '../authenticator/errors.ts'
import { withWarnings } from '../internal/warning-headers.ts'
import { retryAfter } from '../internal/retry-after.ts'
import { StatusError } from '../authenticator/status.ts'
import { withoutStack } from '../internal/without-stack.ts'

/**
 * The response to a refused request: the same for every reason, except that it may be 503 if a credential could not be checked. If it was
 * not checked because too many checks were in progress, it always is: 503 with `Retry-After` and without a challenge, so that clients do
 * not discard their credential as invalid.
 *
 * Deviation: kube-apiserver responds with 401 whatever the reason (`docs/deviations.md`, 503 for outages).
 */
export function refusal(
  error: AuthenticationError | undefined,
  challenges: readonly string[],
  warnings: readonly string[],
  unavailableStatus: 401 | 503,
): StatusError {
  const cause = error === undefined ? {} : { cause: error }
  const headers: Record<string, string | readonly string[]> =
    warnings.length === 0 ? {} : { ...withWarnings(warnings) }
  const later = error?.retryAfterSeconds === undefined ? undefined : retryAfter(error.retryAfterSeconds)
  if (later !== undefined || (error?.code === 'unavailable' && unavailableStatus === 503)) {
    return withoutStack(
      () =>
        new StatusError({
          status: 503,
          reason: 'ServiceUnavailable',
          message: 'Authentication is temporarily unavailable',
          headers: { ...later?.headers, ...headers },
          ...(later !== undefined && { details: later.details }),
          ...cause,
        }),
    )
  }
  const [only] = challenges
  if (only !== undefined) headers['www-authenticate'] = challenges.length === 1 ? only : challenges
  return withoutStack(
    () =>
      new StatusError({ status: 401, reason: 'Unauthorized', message: 'Unauthorized', headers, ...cause }),
  )
}
