import { StatusError } from '@kube-authn/core/adapter'
import type { ErrorRequestHandler, RequestHandler } from 'express'

/** 404: an object of that name does not exist. */
export function notFound(group: string, resource: string, name: string): StatusError {
  return new StatusError({
    status: 404,
    reason: 'NotFound',
    message: `${resource}.${group} ${JSON.stringify(name)} not found`,
    details: { name, group, kind: resource },
  })
}

/** 405. */
export function methodNotAllowed(): StatusError {
  return new StatusError({
    status: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  })
}

/** 503. @param cause the reason, for logs. */
export function serviceUnavailable(cause: Error): StatusError {
  return new StatusError({
    status: 503,
    reason: 'ServiceUnavailable',
    message: 'service unavailable',
    cause,
  })
}

/** The last route: answers 404. */
export const nothingHere: RequestHandler = () => {
  throw new StatusError({
    status: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  })
}

/** Answers an error as a `Status`. An unexpected error is a 500 without details, and is logged. */
export const answerStatus: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const { status, headers, content } = error instanceof StatusError ? error : internalError(error)
  res.status(status).set(headers).send(content)
}

function internalError(error: unknown): StatusError {
  console.error(error)
  return new StatusError({ status: 500, reason: 'InternalError', message: 'Internal error occurred' })
}
