import type { CelInputs, CelProgram, CelValue, CelVariable } from '@kube-authn/cel/kubernetes'
import { rejected } from '../../authenticator/errors.ts'
import { isCelError } from '../../internal/cel/error.ts'

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
