import { patternOnUse } from '@kube-authn/internal/pattern-on-use'
import type { AuthenticationRequest } from '@kube-authn/core'
import { StatusError } from '@kube-authn/core/adapter'
import { type ErrorList, errorList, fieldPath, firstValues } from '@kube-authn/core/internal'

const MAX_LENGTH = 128
const PATH = fieldPath('fieldManager')
const unprintable = patternOnUse(String.raw`[^\p{L}\p{M}\p{N}\p{P}\p{S} ]`, 'u')

/**
 * Who makes a request, as the owner of fields: who it says it is, or the beginning of its user agent.
 *
 * Source: apiserver `pkg/endpoints/handlers/create.go` managerOrUserAgent; apimachinery `pkg/apis/meta/v1/validation/validation.go` ValidateCreateOptions,
 * ValidateUpdateOptions.
 *
 * @throws {StatusError} 422
 */
export function managerOf({ method, query, headers }: AuthenticationRequest): string {
  const given = firstValues(query).get('fieldManager') ?? ''
  const [program = ''] = (headers.first('user-agent') ?? '').split('/')
  // A deletion has no owner.
  if (given === '' || method === 'DELETE')
    return program.replaceAll(/[^ -~]/g, '').slice(0, MAX_LENGTH) || 'unknown'
  const errors = errorList()
  validateManager(given, errors)
  if (errors.errors.length > 0)
    throw invalidOptions(method === 'POST' ? 'CreateOptions' : 'UpdateOptions', errors)
  return given
}

/** Every object that is written has these names: they must be short, and not change what a terminal shows. */
export function validateManager(name: string, errors: ErrorList): void {
  if (name.length > MAX_LENGTH) errors.tooLong(PATH, MAX_LENGTH)
  if (unprintable().test(name)) {
    errors.invalid(PATH, name.slice(0, MAX_LENGTH), 'should only contain printable characters')
  }
}

/** The refusal of options in a query. */
export function invalidOptions(kind: string, { errors }: ErrorList): StatusError {
  const words = errors.map(({ field, message }) => `${field}: ${message}`).join(', ')
  return new StatusError({
    status: 422,
    reason: 'Invalid',
    message: `${kind}.meta.k8s.io "" is invalid: ${words}`,
    details: {
      group: 'meta.k8s.io',
      kind,
      causes: errors.map(({ type, message, field }) => ({ reason: `FieldValue${type}`, message, field })),
    },
  })
}
