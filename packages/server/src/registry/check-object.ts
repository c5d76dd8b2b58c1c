import { errorList, fieldPath } from '@kube-authn/core/internal'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import type { KubeObject } from './kube-object.ts'
import { validateFinalizerNames, validateFinalizers, validateMetadata } from './metadata.ts'
import type { PartSubresource, Resource, Services } from './resource.ts'
import { conflict, invalid, MODIFIED } from './status-errors.ts'
import type { Target } from './target.ts'
import type { Preconditions } from './write.ts'

const FINALIZERS = fieldPath('metadata').child('finalizers')

/**
 * Validates an object before it is written.
 *
 * @param replaced the object that it replaces, or the time of its creation.
 * @param part the part that is written; `undefined` for the object itself.
 * @throws {StatusError} 422
 */
export async function checkObject(
  resource: Resource,
  object: KubeObject,
  replaced: { readonly old: KubeObject } | { readonly now: Services['now'] },
  part?: PartSubresource,
): Promise<void> {
  const errors = errorList()
  const old = 'old' in replaced ? replaced.old : undefined
  validateMetadata(object.metadata, resource, errors)
  validateFinalizerNames(FINALIZERS, object.metadata.finalizers, old?.metadata.finalizers, errors)
  if (old !== undefined) validateFinalizers(object.metadata, old.metadata, errors)
  const ofFields = errorList({ hideValues: resource.hasSecrets ?? false })
  await resource.validate(object, ofFields, old)
  if ('now' in replaced) resource.validateCreate?.(object, timeOfRfc3339(replaced.now()) ?? 0, ofFields)
  if (old !== undefined) {
    resource.validateUpdate?.(object, old, ofFields)
    part?.validateUpdate?.(object, old, ofFields)
  }
  errors.addAll(ofFields.errors)
  if (errors.errors.length > 0) throw invalid(resource, object.metadata.name ?? '', errors)
}

/** @throws {StatusError} 409 */
export function requirePreconditions(
  { resource, name }: Target,
  { metadata }: KubeObject,
  { uid, resourceVersion }: Preconditions,
): void {
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
    throw conflict(resource, name, why)
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(resource, name, MODIFIED)
  }
}
