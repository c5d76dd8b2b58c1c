import { type ErrorList, errorList, fieldPath, firstValues } from '@kube-authn/core/internal'
import { invalid } from '../registry/status-errors.ts'
import type { AuthenticationRequest } from '@kube-authn/core'

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

/** The kinds of options that a query or a body has. */
export type OptionsKind = 'CreateOptions' | 'DeleteOptions' | 'ListOptions' | 'PatchOptions' | 'UpdateOptions'

/** @throws {StatusError} 422 if there are errors. */
export function requireValid(kind: OptionsKind, errors: ErrorList): void {
  if (errors.errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors)
}

const MAX_LENGTH = 128
const PATH = fieldPath('fieldManager')
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

/**
 * Who makes a request, as the owner of fields: who it says it is, or the beginning of its user agent.
 *
 * Source: apiserver `pkg/endpoints/handlers/create.go` managerOrUserAgent.
 */
export function managerOf({ method, query, headers }: AuthenticationRequest): string {
  const given = firstValues(query).get('fieldManager') ?? ''
  // A deletion has no owner.
  if (given !== '' && method !== 'DELETE') return given
  const [program = ''] = (headers.first('user-agent') ?? '').split('/')
  return program.replaceAll(/[^ -~]/g, '').slice(0, MAX_LENGTH) || 'unknown'
}

/** Every object that is written has these names: they must be short, and not change what a terminal shows. */
function validateManager(name: string, errors: ErrorList): void {
  if (name.length > MAX_LENGTH) errors.tooLong(PATH, MAX_LENGTH)
  if (unprintable.test(name)) {
    errors.invalid(PATH, name.slice(0, MAX_LENGTH), 'should only contain printable characters')
  }
}
