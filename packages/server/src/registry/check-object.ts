import { errorList, fieldPath } from '@kube-authn/core/internal'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import type { KubeObject } from './kube-object.ts'
import { validateFinalizerNames, validateFinalizers, validateMetadata } from './metadata.ts'
import type { PartSubresource, Resource, Services, Preconditions, Target } from './resource.ts'
import { deletionConflict, invalid } from './status-errors.ts'

const UID = fieldPath('metadata').child('uid')
const FINALIZERS = fieldPath('metadata').child('finalizers')

/**
 * Validates an object before it is written.
 *
 * @param replaced the object that it replaces, with the uid that a patch wants it to have, or the time of its creation.
 * @param part the part that is written; `undefined` for the object itself.
 * @throws {StatusError} 422
 */
export async function checkObject(
  resource: Resource,
  object: KubeObject,
  replaced:
    | { readonly old: KubeObject; readonly uid?: string | undefined }
    | { readonly now: Services['now'] },
  part?: PartSubresource,
): Promise<void> {
  const errors = errorList()
  const old = 'old' in replaced ? replaced.old : undefined
  // Deviation: each error is told once, and nothing else (`docs/deviations.md`, repeated causes; long values in errors; warnings of objects).
  const uid = 'old' in replaced ? replaced.uid : undefined
  if (uid !== undefined && uid !== old?.metadata.uid) errors.invalid(UID, uid, 'field is immutable')
  validateMetadata(object.metadata, resource, errors)
  validateFinalizerNames(FINALIZERS, object.metadata.finalizers, old?.metadata.finalizers, errors)
  if (old !== undefined) validateFinalizers(object.metadata, old.metadata, errors)
  const ofFields = errorList({ hideValues: resource.hasSecrets ?? false })
  await resource.validate?.(object, ofFields, old)
  if ('now' in replaced) resource.validateCreate?.(object, timeOfRfc3339(replaced.now()) ?? 0, ofFields)
  if (old !== undefined) {
    resource.validateUpdate?.(object, old, ofFields)
    part?.validateUpdate?.(object, old, ofFields)
  }
  errors.addAll(ofFields.errors)
  if (errors.errors.length > 0) throw invalid(resource, object.metadata.name ?? '', errors)
}

/** Whether an object is the one that is meant. */
export function meets({ metadata }: KubeObject, { uid, resourceVersion }: Preconditions): boolean {
  return (
    (uid === undefined || uid === metadata.uid) &&
    (resourceVersion === undefined || resourceVersion === metadata.resourceVersion)
  )
}

/**
 * Requires that the object that is deleted is the one that is meant.
 *
 * Source: apiserver `pkg/registry/rest/delete.go` BeforeDelete.
 *
 * @throws {StatusError} 409
 */
export function requirePreconditions(
  { resource, name }: Target,
  { metadata }: KubeObject,
  { uid, resourceVersion }: Preconditions,
): void {
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid})`
    throw deletionConflict(resource, name, `${why}. The object might have been deleted and then recreated`)
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion})`
    throw deletionConflict(resource, name, `${why}. The object might have been modified`)
  }
}
