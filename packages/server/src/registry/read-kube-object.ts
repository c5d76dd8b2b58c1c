import { badRequest, type ErrorList, errorList, fieldPath, readObject } from '@kube-authn/core/internal'
import type { KubeObject } from './kube-object.ts'
import { readMetadata } from './metadata.ts'
import { apiVersionOf, type Resource } from './resource.ts'

/** An object that a client sent: what is known of it, and the errors in its fields. */
export interface SentObject {
  readonly object: KubeObject
  /** Fields of the wrong type, and unknown ones. They contain no values. */
  readonly errors: ErrorList
}

/**
 * Reads an object of this resource. Fields that the resource does not have are errors, and are left out.
 *
 * @throws {StatusError} 400 if it is another kind of object.
 */
export function readKubeObject(value: unknown, resource: Resource): SentObject {
  const errors = errorList({ hideValues: true })
  const reader = readObject(value, fieldPath(), errors, { nullElements: 'empty' })
  const apiVersion = apiVersionOf(resource)
  if (reader === undefined || (reader.string('kind') || resource.kind) !== resource.kind) {
    throw badRequest(`the object provided is not a ${resource.kind}`)
  }
  if ((reader.string('apiVersion') || apiVersion) !== apiVersion) {
    throw badRequest(`the API version in the data does not match the expected API version (${apiVersion})`)
  }
  const metadata = readMetadata(reader.object('metadata'))
  const fields = resource.read(reader, errors)
  reader.end()
  return { object: { kind: resource.kind, apiVersion, metadata, ...present(fields) }, errors }
}

function present(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
