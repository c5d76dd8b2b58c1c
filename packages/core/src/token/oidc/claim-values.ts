import type { CelInputs, CelProgram, CelValue, CelVariable } from '@kube-authn/cel/kubernetes'
import { rejected } from '../../authenticator/errors.ts'
import { isCelError } from '../../internal/cel/error.ts'
import { type JsonObject, member } from '../../internal/objects.ts'
import { wrongType } from './go-text.ts'

/**
 * The string in the claim of exactly this name; the name is not a path. `null` reads as the empty string.
 *
 * @param what prefix of the error message.
 * @throws {AuthenticationError} `rejected` if the claim is absent or not a string.
 */
export function requiredText(claims: JsonObject, name: string, what: string): string {
  if (!Object.hasOwn(claims, name)) throw rejected(`${what}: claim not present`)
  const value = member(claims, name) ?? ''
  if (typeof value !== 'string') throw rejected(`${what}: ${wrongType(value, 'string')}`)
  return value
}

/**
 * Evaluates an expression over claims or over a user.
 *
 * Source: apiserver `pkg/authentication/cel/mapper.go`.
 *
 * @param what prefix of the error message. Kubernetes has none for extra fields.
 * @throws {AuthenticationError} `rejected`.
 */
export function evaluated<V extends CelVariable>(
  program: CelProgram<V>,
  input: CelInputs[V],
  what?: string,
): CelValue {
  try {
    return program.evaluate(input)
  } catch (error) {
    if (!isCelError(error, 'celEvaluation')) throw error
    const message = `expression '${program.expression}' resulted in error: ${error.message}`
    throw rejected(what === undefined ? message : `${what}: ${message}`, { cause: error })
  }
}
