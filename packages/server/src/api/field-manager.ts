import type { AuthenticationRequest } from '@kube-authn/core'
import { type ErrorList, fieldPath, firstValues } from '@kube-authn/core/internal'

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
export function validateManager(name: string, errors: ErrorList): void {
  if (name.length > MAX_LENGTH) errors.tooLong(PATH, MAX_LENGTH)
  if (unprintable.test(name)) {
    errors.invalid(PATH, name.slice(0, MAX_LENGTH), 'should only contain printable characters')
  }
}
