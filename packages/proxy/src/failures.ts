import { StatusError } from '@kube-authn/core/adapter'

/** 401: this proxy acts for known users only. */
export function unauthorized(): StatusError {
  return new StatusError({ status: 401, reason: 'Unauthorized', message: 'Unauthorized' })
}

/** 403: the user cannot act through this proxy. */
export function forbidden(message: string): StatusError {
  return new StatusError({ status: 403, reason: 'Forbidden', message: `forbidden: ${message}` })
}

/** 502: the upstream did not answer, or not as HTTP. The cause is for logs only. */
export function badGateway(cause: unknown): StatusError {
  return new StatusError({
    status: 502,
    reason: 'BadGateway',
    message: 'the upstream API server cannot be reached',
    cause,
  })
}

/** 504: the upstream took too long. */
function gatewayTimeout(cause: unknown): StatusError {
  return new StatusError({
    status: 504,
    reason: 'Timeout',
    message: 'the upstream API server did not answer in time',
    details: {},
    cause,
  })
}

/** The upstream took longer than an option allows. */
export class UpstreamTimeoutError extends Error {
  override readonly name = 'UpstreamTimeoutError'
}

export function failureOf(error: unknown): StatusError {
  return error instanceof UpstreamTimeoutError ? gatewayTimeout(error) : badGateway(error)
}
