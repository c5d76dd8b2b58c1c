import { badRequest, type ErrorList, type FieldError, firstValues } from '@kube-authn/core/internal'

/** How a client wants unknown fields to be handled. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

/** The `fieldValidation` of a query; `Warn` if it is absent or unknown. */
export function fieldValidationOf(query: string): FieldValidation {
  const value = firstValues(query).get('fieldValidation')
  return value === 'Strict' || value === 'Ignore' ? value : 'Warn'
}

/**
 * Refuses an object with fields of the wrong type, and with unknown or duplicate fields if the client asked for `Strict`.
 *
 * Source: apiserver `pkg/endpoints/handlers/{create,rest}.go`; KEP-2885.
 *
 * @param errors the errors found while reading the object.
 * @param duplicates the paths of fields that occur more than once.
 * @returns messages for `Warning` headers.
 * @throws {StatusError} 400.
 */
export function checkFields(
  errors: ErrorList,
  validation: FieldValidation,
  duplicates: readonly string[] = [],
): readonly string[] {
  const wrong = named(
    errors,
    ({ type }) => type !== 'Unknown',
    ({ field, message }) => `${field}: ${message}`,
  )
  if (wrong.length > 0) throw badRequest(wrong.join(', '))
  const unknown = named(
    errors,
    ({ type }) => type === 'Unknown',
    ({ field }) => `unknown field "${field}"`,
  )
  const found = [...duplicates.map((path) => `duplicate field "${path}"`), ...unknown]
  if (found.length === 0 || validation === 'Ignore') return []
  if (validation === 'Strict') throw badRequest(`strict decoding error: ${found.join(', ')}`)
  return found
}

/** The messages of the first of these errors. */
function named(
  { errors }: ErrorList,
  which: (error: FieldError) => boolean,
  words: (error: FieldError) => string,
): readonly string[] {
  return [...new Set(errors.filter(which).map(words))].slice(0, MAX_NAMED)
}

const MAX_NAMED = 10
