import { resolve } from 'node:path'
import type { ErrorList, FieldPath } from '@kube-authn/core/internal'

/** A field with the path of a file, and its sibling field with inline data. */
export interface FileOrData {
  /** The object that contains both. */
  readonly path: FieldPath
  /** The field of the path; the field of the data has the suffix `-data`. */
  readonly name: string
  readonly file: string
  readonly data: string
}

/** An option of a transport for PEM data or its file. */
export interface PemOption<Name extends 'ca' | 'cert' | 'key'> {
  readonly option: Name | `${Name}File`
  readonly value: string
  /** The field that it comes from. */
  readonly field: FieldPath
}

/** The option of a transport for these fields; `undefined` if neither field is set. */
export function pemOption<Name extends 'ca' | 'cert' | 'key'>(
  option: Name,
  { path, name, file, data }: FileOrData,
  folder: string,
  errors: ErrorList,
): PemOption<Name> | undefined {
  const dataField = path.child(`${name}-data`)
  if (file !== '' && data !== '') {
    errors.forbidden(dataField, `${name}-data and ${name} are both specified`)
  }
  if (data !== '') return { option, value: data, field: dataField }
  if (file === '') return undefined
  return { option: `${option}File`, value: resolve(folder, file), field: path.child(name) }
}
