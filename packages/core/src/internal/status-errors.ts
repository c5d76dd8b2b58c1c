import type { ErrorList } from './field/errors.ts'
import { quoted } from '@kube-authn/internal/quote'
import { retryAfter } from './retry-after.ts'
import { StatusError, type StatusErrorInit } from '../authenticator/status.ts'

/*
 * The answers of the Kubernetes API to requests that it refuses, with its messages.
 *
 * Source: apimachinery `pkg/api/errors/errors.go`, apiserver `pkg/endpoints/handlers/negotiation/errors.go`.
 *
 * Deviation: a 400, 406 and 415 contain less detail (`docs/deviations.md`, words of refusals).
 */

function refused(
  status: number,
  reason: string,
  message: string,
  more?: Omit<StatusErrorInit, 'status' | 'reason' | 'message'>,
): StatusError {
  return new StatusError({ status, reason, message, ...more })
}

/** 400. */
export function badRequest(message: string, cause?: unknown): StatusError {
  return refused(400, 'BadRequest', message, causeOf(cause))
}

/** 404: the object does not exist. */
export function notFound(resource: string, name: string): StatusError {
  const message = `${resource} ${quoted(name)} not found`
  return refused(404, 'NotFound', message, { details: { name, kind: resource } })
}

/** 404: nothing is served at a path below that of a group. */
export function notServed(): StatusError {
  return refused(404, 'NotFound', 'the server could not find the requested resource', { details: {} })
}

/**
 * 409: the object is not the expected one.
 *
 * @param group `''` for the core group.
 * @param why is sent to the client.
 */
export function conflict(group: string, kind: string, name: string, why: string): StatusError {
  const resource = group === '' ? kind : `${kind}.${group}`
  const message = `Operation cannot be fulfilled on ${resource} ${quoted(name)}: ${why}`
  return refused(409, 'Conflict', message, { details: { name, ...(group !== '' && { group }), kind } })
}

/** 405. */
export function methodNotAllowed(allowed: string): StatusError {
  const message = 'the server does not allow this method on the requested resource'
  return refused(405, 'MethodNotAllowed', message, { details: {}, headers: { allow: allowed } })
}

/** 406. */
export function notAcceptable(supported: readonly string[]): StatusError {
  return refused(406, 'NotAcceptable', `only the following media types are accepted: ${supported.join(', ')}`)
}

/** 413. */
export function bodyTooLarge(maxBytes: number): StatusError {
  return refused(413, 'RequestEntityTooLarge', `Request entity is too large: limit is ${maxBytes}`)
}

/** 415. */
export function unsupportedMediaType(supported: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`
  return refused(415, 'UnsupportedMediaType', message)
}

/**
 * 422: fields of the object are invalid.
 *
 * @param name the name of the object; `''` if it has none.
 */
export function invalidObject(group: string, kind: string, name: string, errors: ErrorList): StatusError {
  const causes = errors.errors.map(({ type, message, field }) => ({
    reason: `FieldValue${type}`,
    message,
    field,
  }))
  return refused(422, 'Invalid', `${kind}.${group} "${name}" is invalid: ${errors.toString()}`, {
    details: { ...(name !== '' && { name }), group, kind, causes },
  })
}

/** 500. @param message is sent to the client. */
export function internalFailure(message: string, cause?: unknown): StatusError {
  const details = { causes: [{ message }] }
  return refused(500, 'InternalError', `Internal error occurred: ${message}`, { details, ...causeOf(cause) })
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
  return refused(503, 'ServiceUnavailable', message, { ...later, ...causeOf(cause) })
}

function causeOf(cause: unknown): { readonly cause?: unknown } {
  return cause === undefined ? {} : { cause }
}
