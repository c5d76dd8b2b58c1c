import { StatusError } from '@kube-authn/core/adapter'
import {
  badRequest,
  type ErrorList,
  errorList,
  fieldPath,
  isStatusError,
  quoted,
} from '@kube-authn/core/internal'
import { StoreError } from '@kube-authn/store'
import { qualifiedName, type Resource } from './resource.ts'

/*
 * The refusals of the registry, with the messages of Kubernetes.
 *
 * Source: apimachinery `pkg/api/errors/errors.go`; apiserver `pkg/registry/rest/{create,update,delete}.go`, `pkg/storage/errors`.
 */

type Named = Pick<Resource, 'group' | 'plural'>

/** A refusal, with details that name the object. */
function refusal(
  status: number,
  reason: string,
  { group, plural }: Named,
  name: string,
  message: string,
  causes?: readonly Readonly<Record<string, string>>[],
): StatusError {
  const details = {
    ...(name !== '' && { name }),
    ...(group !== '' && { group }),
    kind: plural,
    ...(causes !== undefined && { causes }),
  }
  return new StatusError({ status, reason, message, details })
}

/** 404. */
export function notFound(resource: Named, name: string): StatusError {
  const message = `${qualifiedName(resource)} ${quoted(name)} not found`
  return refusal(404, 'NotFound', resource, name, message)
}

/** 409: an object of this name exists. */
export function alreadyExists(resource: Named, name: string, isBeingDeleted: boolean): StatusError {
  const exists = `${qualifiedName(resource)} ${quoted(name)} already exists`
  const message = isBeingDeleted ? `object is being deleted: ${exists}` : exists
  return refusal(409, 'AlreadyExists', resource, name, message)
}

/** 409: the object is not as the client expects. */
export function conflict(resource: Named, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedName(resource)} ${quoted(name)}: ${why}`
  return refusal(409, 'Conflict', resource, name, message)
}

/** 409: the object that was to be updated has another uid; `''` if there is none. */
export function uidConflict(
  resource: Named,
  name: string,
  key: string,
  sent: string,
  uid: string,
): StatusError {
  const why = `Precondition failed: UID in precondition: ${sent}, UID in object meta: ${uid}`
  const error = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`
  return conflict(resource, name, error)
}

/** 409: the object that was to be deleted is not the one that is meant. It is named by its kind. */
export function deletionConflict({ group, kind }: Resource, name: string, why: string): StatusError {
  return conflict({ group, plural: kind }, name, why)
}

/** 422: an update must name the version of the object. It is named by its resource. */
export function versionRequired(resource: Resource, name: string): StatusError {
  const errors = errorList()
  errors.invalid(fieldPath('metadata').child('resourceVersion'), 0, 'must be specified for an update')
  return invalid({ group: resource.group, kind: resource.plural }, name, errors)
}

/** Why a {@link conflict} of versions is one. */
export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again'

/** 403. */
export function forbidden(
  resource: Named,
  name: string,
  why: string,
  causes?: readonly Readonly<Record<string, string>>[],
): StatusError {
  const message = `${qualifiedName(resource)} ${quoted(name)} is forbidden: ${why}`
  return refusal(403, 'Forbidden', resource, name, message, causes)
}

/** 422: fields are invalid. */
export function invalid(
  { group, kind }: Pick<Resource, 'group' | 'kind'>,
  name: string,
  errors: ErrorList,
): StatusError {
  const causes = errors.errors.map(({ type, message, field }) => ({
    reason: `FieldValue${type}`,
    message,
    field,
  }))
  return new StatusError({
    status: 422,
    reason: 'Invalid',
    message: `${group === '' ? kind : `${kind}.${group}`} ${quoted(name)} is invalid: ${errors.toString()}`,
    details: { ...(name !== '' && { name }), ...(group !== '' && { group }), kind, causes },
  })
}

/** 410: what the client wants to go on from was forgotten. */
export function expired(message: string): StatusError {
  return new StatusError({ status: 410, reason: 'Expired', message })
}

/** 504: the store has not reached the version that a client names. */
export function tooLargeVersion(what: string): StatusError {
  return new StatusError({
    status: 504,
    reason: 'Timeout',
    headers: { 'retry-after': '1' },
    message: `Timeout: Too large resource version: ${what}`,
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  })
}

/** 410: the pages before are too old. @param token goes on in the present version. */
export function continueExpired(token: string): StatusError {
  return new StatusError({
    status: 410,
    reason: 'Expired',
    metadata: { continue: token },
    message:
      'The provided continue parameter is too old to display a consistent list: list again without it, or go on with the one in this answer, which may be inconsistent.',
  })
}

/** What a client learns of an error of the store. Those that a caller did not handle are failures of the server. */
export function statusOfStore(thrown: unknown): unknown {
  if (!(thrown instanceof StoreError)) return thrown
  const { code, message } = thrown
  switch (code) {
    case 'objectTooLarge':
      return new StatusError({
        status: 413,
        reason: 'RequestEntityTooLarge',
        message: `Request entity is too large: ${message}`,
      })
    case 'invalidObject':
      return badRequest(message)
    // A forged token may name a revision that was never reached.
    case 'invalidContinue':
    case 'revisionUnknown':
      return badRequest('continue key is not valid')
    case 'revisionCompacted':
      return expired('The version is too old: list again.')
    case 'storeUnavailable':
    case 'closed':
    case 'fenced':
      return unavailableStore(thrown)
    default:
      return internalError(thrown, 'the store failed')
  }
}

// Deviation: whether a change was written is told (`docs/deviations.md`, failed writes).
/** As apimachinery `NewTimeoutError` if the change may have been written, or may still be. */
function unavailableStore(cause: StoreError): StatusError {
  if (cause.outcome === 'unknown') {
    const message = 'Timeout: the store did not answer, so it is unknown whether the change was written'
    return new StatusError({ status: 504, reason: 'Timeout', message, details: {}, cause })
  }
  const then = cause.outcome === 'notWritten' ? ', and the change was not written' : ''
  const message = `the store is not available${then}`
  return new StatusError({ status: 503, reason: 'ServiceUnavailable', message, cause })
}

/** Of a change in several writes, of which one is made. @throws what was thrown, without what became of the last one. */
export function failInPart(thrown: unknown): never {
  if (!(thrown instanceof StoreError)) throw thrown
  throw new StoreError(thrown.code, thrown.message, thrown)
}

/** What `work` resolves to, with errors of the store as those of a client. @throws {StatusError} */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw statusOfStore(thrown)
  }
}

/** Whether something was refused with 409. */
export function isConflict(thrown: unknown): boolean {
  return isStatusError(thrown) && thrown.status === 409
}

/** Whether something was refused with 404. */
export function isMissing(thrown: unknown): boolean {
  return isStatusError(thrown) && thrown.status === 404
}

/** Takes a 404 for success, as for an object that another request has deleted. */
export function ignoreMissing(thrown: unknown): undefined {
  if (!isMissing(thrown)) throw thrown
}

/** The same, and for one that is another object of the same name by now. */
export function ignoreOthers(thrown: unknown): void {
  if (!isConflict(thrown)) ignoreMissing(thrown)
}

/** 500. The cause is for the operator only. */
export function internalError(cause: unknown, what = 'the request failed unexpectedly'): StatusError {
  const message = `Internal error occurred: ${what}`
  return new StatusError({ status: 500, reason: 'InternalError', message, cause })
}

/** 404, as for every path outside of what is served. */
export function pageNotFound(): StatusError {
  const message = '404 page not found'
  const headers = { 'x-content-type-options': 'nosniff' }
  return new StatusError({ status: 404, reason: 'NotFound', message, text: `${message}\n`, headers })
}

/*
 * The refusals of patches.
 *
 * Source: apiserver `pkg/endpoints/handlers/patch.go`; apimachinery `pkg/api/errors/errors.go` NewGenericServerResponse.
 *
 * Deviation: the reason is told, without values (`docs/deviations.md`, words of refusals).
 */

/** 422: the patch does not fit the object. */
export function patchFailed(why: string): StatusError {
  const message = `the server rejected our request due to an error in our request: ${why}`
  return new StatusError({ status: 422, reason: 'Invalid', message, details: {} })
}

/** 413: the patch asks for too much. */
export function patchTooLarge(message: string): StatusError {
  return new StatusError({ status: 413, reason: 'RequestEntityTooLarge', message })
}
