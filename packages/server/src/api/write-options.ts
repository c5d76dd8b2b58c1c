import { type ErrorList, errorList, fieldPath, firstValues } from '@kube-authn/core/internal'
import { validateManager } from './field-manager.ts'
import { type OptionsKind, requireValid } from './invalid-options.ts'

/**
 * Validates the options in the query of a request that writes an object.
 *
 * Source: apimachinery `pkg/apis/meta/v1/validation/validation.go` ValidateCreateOptions, ValidateUpdateOptions, ValidatePatchOptions.
 *
 * @throws {StatusError} 422
 */
export function requireWriteOptions(query: string, kind: OptionsKind, errors: ErrorList = errorList()): void {
  const values = firstValues(query)
  validateManager(values.get('fieldManager') ?? '', errors)
  validateDryRun(dryRunIn(query), errors)
  const fieldValidation = values.get('fieldValidation') ?? ''
  if (!FIELD_VALIDATIONS.includes(fieldValidation)) {
    errors.notSupported(fieldPath('fieldValidation'), fieldValidation, FIELD_VALIDATIONS)
  }
  requireValid(kind, errors)
}

const FIELD_VALIDATIONS: readonly string[] = ['', 'Ignore', 'Strict', 'Warn']

/** All values of `dryRun` in a query. Any value asks for one, also one that will be refused: nothing may be written by mistake. */
export function dryRunIn(query: string): readonly string[] {
  return new URLSearchParams(query).getAll('dryRun')
}

/** Source: apimachinery `pkg/apis/meta/v1/validation/validation.go` ValidateDryRun. */
export function validateDryRun(values: readonly string[], errors: ErrorList): void {
  if (values.every((value) => value === 'All')) return
  errors.notSupported(fieldPath('dryRun'), values, ['All'])
}
