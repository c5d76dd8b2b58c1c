import { retryAfter } from '../internal/retry-after.ts'
import { StatusError } from '../authenticator/status.ts'
import type { AuthorizationError } from './errors.ts'

/**
 * The answer if an authorizer was too busy to decide: a 503 with `Retry-After`. `undefined` for any other error, and for none.
 *
 * Deviation: kube-apiserver answers 500 or 403 (`docs/deviations.md`, 503 for outages).
 */
export function tooBusy(error: AuthorizationError | undefined): StatusError | undefined {
  if (error?.retryAfterSeconds === undefined) return undefined
  return new StatusError({
    status: 503,
    reason: 'ServiceUnavailable',
    message: 'Authorization is temporarily unavailable',
    ...retryAfter(error.retryAfterSeconds),
    cause: error,
  })
}
