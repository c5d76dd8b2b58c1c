import { StatusError } from '@kube-authn/core/adapter'

/** An answer of this proxy in the place of one of the upstream. @param more its `cause` is for logs only. */
export function refusal(
  status: number,
  reason: string,
  message: string,
  more: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
): StatusError {
  return new StatusError({ status, reason, message, ...more })
}

/** 401: this proxy acts for known users only. */
export function unauthorized(): StatusError {
  return refusal(401, 'Unauthorized', 'Unauthorized')
}

/** 403: the user cannot act through this proxy. */
export function forbidden(message: string): StatusError {
  return refusal(403, 'Forbidden', `forbidden: ${message}`)
}

/** 502: the upstream did not answer, or not as HTTP. */
export function badGateway(cause: unknown): StatusError {
  return refusal(502, 'BadGateway', 'the upstream API server cannot be reached', { cause })
}

/** The upstream took longer than an option allows. */
export class UpstreamTimeoutError extends Error {
  override readonly name = 'UpstreamTimeoutError'
}

/** A 504 if the upstream took too long, otherwise a 502. */
export function failureOf(error: unknown): StatusError {
  if (!(error instanceof UpstreamTimeoutError)) return badGateway(error)
  return refusal(504, 'Timeout', 'the upstream API server did not answer in time', {
    details: {},
    cause: error,
  })
}
