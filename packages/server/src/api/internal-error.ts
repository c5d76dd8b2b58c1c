import { StatusError } from '@kube-authn/core/adapter'

/** 500. The cause is for the operator only. */
export function internalError(cause: unknown): StatusError {
  return new StatusError({
    status: 500,
    reason: 'InternalError',
    message: 'Internal error occurred: the request failed unexpectedly',
    cause,
  })
}

/** 404, as for every path outside of what is served. */
export function pageNotFound(): StatusError {
  const text = '404 page not found\n'
  return new StatusError({
    status: 404,
    reason: 'NotFound',
    message: '404 page not found',
    text,
    headers: { 'x-content-type-options': 'nosniff' },
  })
}
