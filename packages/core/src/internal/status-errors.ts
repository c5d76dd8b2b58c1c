import type { ErrorList, FieldErrorType } from './field/errors.ts'
import { quoted } from '@kube-authn/internal/quote'
import { retryAfter } from './retry-after.ts'
import { StatusError } from '../authenticator/status.ts'

/*
 * The answers of the Kubernetes API to requests that it refuses, with its messages.
 *
 * Source: apimachinery `pkg/api/errors/errors.go`, apiserver `pkg/endpoints/handlers/negotiation/errors.go`.
 *
 * Deviation: a 400, 406 and 415 contain less detail (`docs/deviations.md`, words of refusals).
 */

/** 400. */
export function badRequest(message: string, cause?: unknown): StatusError {
  return new StatusError({ status: 400, reason: 'BadRequest', message, ...causeOf(cause) })
}

/** 404: the object does not exist. */
export function notFound(resource: string, name: string): StatusError {
  return new StatusError({
    status: 404,
    reason: 'NotFound',
    message: `${resource} ${quoted(name)} not found`,
    details: { name, kind: resource },
  })
}

/** 404: nothing is served at a path below that of a group. */
export function notServed(): StatusError {
  return new StatusError({
    status: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  })
}

/**
 * 409: the object is not the expected one.
 *
 * @param group `''` for the core group.
 * @param why is sent to the client.
 */
export function conflict(group: string, kind: string, name: string, why: string): StatusError {
  const resource = group === '' ? kind : `${kind}.${group}`
  return new StatusError({
    status: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${resource} ${quoted(name)}: ${why}`,
    details: { name, ...(group !== '' && { group }), kind },
  })
}

/** 405. */
export function methodNotAllowed(allowed: string): StatusError {
  return new StatusError({
    status: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
    headers: { allow: allowed },
  })
}

/** 406. */
export function notAcceptable(supported: readonly string[]): StatusError {
  return new StatusError({
    status: 406,
    reason: 'NotAcceptable',
    message: `only the following media types are accepted: ${supported.join(', ')}`,
  })
}

/** 413. */
export function bodyTooLarge(maxBytes: number): StatusError {
  return new StatusError({
    status: 413,
    reason: 'RequestEntityTooLarge',
    message: `Request entity is too large: limit is ${maxBytes}`,
  })
}

/** 415. */
export function unsupportedMediaType(supported: readonly string[]): StatusError {
  return new StatusError({
    status: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`,
  })
}

/**
 * 422: fields of the object are invalid.
 *
 * @param name the name of the object; `''` if it has none.
 */
export function invalidObject(group: string, kind: string, name: string, errors: ErrorList): StatusError {
  return new StatusError({
    status: 422,
    reason: 'Invalid',
    message: `${kind}.${group} "${name}" is invalid: ${errors.toString()}`,
    details: {
      ...(name !== '' && { name }),
      group,
      kind,
      causes: errors.errors.map(({ type, message, field }) => ({ reason: causeType(type), message, field })),
    },
  })
}

/** 500. @param message is sent to the client. */
export function internalFailure(message: string, cause?: unknown): StatusError {
  return new StatusError({
    status: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
    ...causeOf(cause),
  })
}

/**
 * 503.
 *
 * @param message is sent to the client.
 * @param retryAfterSeconds when the client may retry.
 */
export function serviceUnavailable(
  message: string,
  cause?: unknown,
  retryAfterSeconds?: number,
): StatusError {
  const later = retryAfterSeconds !== undefined && retryAfter(retryAfterSeconds)
  return new StatusError({ status: 503, reason: 'ServiceUnavailable', message, ...later, ...causeOf(cause) })
}

function causeType(type: FieldErrorType): string {
  return `FieldValue${type}`
}

function causeOf(cause: unknown): { readonly cause?: unknown } {
  return cause === undefined ? {} : { cause }
}
