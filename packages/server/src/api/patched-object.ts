import { StatusError } from '@kube-authn/core/adapter'
import { checkFields, fieldValidationOf } from '@kube-authn/api/internal'
import { isStatusError } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import { readKubeObject } from '../registry/read-kube-object.ts'
import type { Resource } from '../registry/resource.ts'

/** An object after a patch, and warnings for the client. */
export interface PatchedObject {
  readonly object: KubeObject
  readonly warnings: readonly string[]
}

/**
 * Reads what a patch has made of an object.
 *
 * @param duplicates the paths of fields that occur more than once in the patch.
 * @throws {StatusError} 400 if it is another kind of object, 422 if it has fields that it must not have, or of the wrong type.
 */
export function readPatched(
  value: unknown,
  resource: Resource,
  query: string,
  duplicates: readonly string[],
): PatchedObject {
  const { object, errors } = readKubeObject(value, resource)
  try {
    return { object, warnings: checkFields(errors, fieldValidationOf(query), duplicates) }
  } catch (thrown) {
    if (!isStatusError(thrown)) throw thrown
    const message = `Invalid value: ${thrown.message}`
    throw new StatusError({
      status: 422,
      reason: 'Invalid',
      message: ` "" is invalid: patch: ${message}`,
      details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] },
    })
  }
}
