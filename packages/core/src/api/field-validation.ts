import { firstValues } from '../authorization/request-info/query.ts'
import type { ErrorList } from '../field/errors.ts'
import { badRequest } from './errors.ts'

/** What a client wants to hear of fields that nobody knows. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

/** What a query says as `fieldValidation`; `Warn` where it says nothing that is known. */
export function fieldValidationOf(query: string): FieldValidation {
  const value = firstValues(query).get('fieldValidation')
  return value === 'Strict' || value === 'Ignore' ? value : 'Warn'
}

/**
 * Refuses an object with fields of the wrong type, and with fields that nobody knows where the client is strict about them.
 *
 * Source: apiserver `pkg/endpoints/handlers/{create,rest}.go`; KEP-2885.
 *
 * @param errors what reading the object has found.
 * @returns texts for `Warning` headers.
 * @throws {StatusError} 400.
 */
export function checkFields(errors: ErrorList, validation: FieldValidation): readonly string[] {
  const wrong = errors.errors.filter(({ type }) => type !== 'Unknown').slice(0, MAX_NAMED)
  if (wrong.length > 0) throw badRequest(wrong.map(({ field, message }) => `${field}: ${message}`).join(', '))
  const unknown = errors.errors.slice(0, MAX_NAMED).map(({ field }) => `unknown field "${field}"`)
  if (unknown.length === 0 || validation === 'Ignore') return []
  if (validation === 'Strict') throw badRequest(`strict decoding error: ${unknown.join(', ')}`)
  return unknown
}

/** A client that has more of them wrong has these to begin with. */
const MAX_NAMED = 10
