import type { AuthenticationError } from '../authenticator/errors.ts'
import { withWarnings } from '../internal/warning-headers.ts'
import { retryAfter } from '../internal/retry-after.ts'
import { StatusError } from '../authenticator/status.ts'
import { withoutStack } from '../internal/without-stack.ts'

/**
 * What a client gets: the same for every reason, but that a check which could not be made may be called so. One that was not made
 * because too many were under way always is: 503 with `Retry-After` and without a challenge, so that no client takes its
 * credential for a bad one and drops it.
 *
 * Deviation: kube-apiserver answers 401 whatever the reason (`docs/deviations.md`, 503 for outages).
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
