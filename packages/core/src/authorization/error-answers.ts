import { quoted } from '@kube-authn/internal/quote'
import { StatusError } from '../authenticator/status.ts'
import { escapeHtml } from './forbidden.ts'
import { type RequestTarget, targetText } from './request-info/request-info.ts'
import { retryAfter } from '../internal/retry-after.ts'
import type { AuthorizationError } from './errors.ts'

/**
 * The answer to a request that could not be decided: a 500 in plain text, as kube-apiserver writes it.
 *
 * Source: apiserver `pkg/endpoints/handlers/responsewriters/errors.go` InternalError.
 *
 * Deviation: it has a `Cache-Control` (`docs/deviations.md`, caching of errors).
 *
 * @param message is sent to the client.
 */
export function internalError(
  request: RequestTarget,
  message: string,
  options: { readonly cause?: unknown } = {},
): StatusError {
  const text = escapeHtml(`Internal Server Error: ${quoted(targetText(request))}: ${message}`)
  return new StatusError({
    status: 500,
    reason: 'InternalError',
    message: text,
    text: `${text}\n`,
    headers: { 'x-content-type-options': 'nosniff' },
    ...options,
  })
}

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
