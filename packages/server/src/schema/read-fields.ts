import type { ErrorList, ObjectReader } from '@kube-authn/core/internal'
import type { Field } from './object-type.ts'
import { objectTypeOf } from './object-types.ts'
import { readField } from './read-typed.ts'

/** The fields of an object that have fields themselves, besides its metadata, as the type of its kind has them. */
export function readFields(
  object: ObjectReader,
  kind: string,
  errors: ErrorList,
): Readonly<Record<string, unknown>> {
  return read(object, kind, errors, ({ type }) => typeof type !== 'string')
}

/** All fields of an object besides its version, kind and metadata, as the type of its kind has them. */
export function readAllFields(
  object: ObjectReader,
  kind: string,
  errors: ErrorList,
): Readonly<Record<string, unknown>> {
  return read(object, kind, errors, () => true)
}

function read(
  object: ObjectReader,
  kind: string,
  errors: ErrorList,
  isWanted: (field: Field) => boolean,
): Readonly<Record<string, unknown>> {
  const fields: [string, unknown][] = []
  for (const [name, field] of objectTypeOf(kind)?.fields ?? []) {
    if (name === 'metadata' || !isWanted(field)) continue
    const value = object.value(name)
    if (value !== undefined) fields.push([name, readField(value, field, object.path.child(name), errors)])
  }
  return Object.fromEntries(fields)
}
