import { resolve } from 'node:path'
import type { ErrorList, FieldPath } from '@kube-authn/core/internal'
import type { PemSource } from '../http/endpoint.ts'

/** A field with the path of a file, and its sibling field with inline data. */
export interface FileOrData {
  /** The object that contains both. */
  readonly path: FieldPath
  /** The field of the path; the field of the data has the suffix `-data`. */
  readonly name: string
  readonly file: string
  readonly data: string
}

/** The PEM source and its field; `undefined` if neither field is set. */
export function pemSource(
  { path, name, file, data }: FileOrData,
  folder: string,
  errors: ErrorList,
): { readonly source: PemSource; readonly field: FieldPath } | undefined {
  const dataField = path.child(`${name}-data`)
  if (file !== '' && data !== '') {
    errors.forbidden(dataField, `${name}-data and ${name} are both specified`)
  }
  if (data !== '') return { source: { pem: data }, field: dataField }
  return file === '' ? undefined : { source: { path: resolve(folder, file) }, field: path.child(name) }
}
