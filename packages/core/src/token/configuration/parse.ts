import { ConfigurationError } from '../../authenticator/errors.ts'
import { decodeAuthenticationConfiguration } from './decode.ts'
import {
  type ValidatedAuthenticationConfiguration,
  validateAuthenticationConfiguration,
  type ValidateAuthenticationConfigurationOptions,
} from './validate.ts'

/**
 * Reads and validates an `AuthenticationConfiguration`, as of `--authentication-config`: v1, v1beta1 or v1alpha1, in YAML or JSON.
 *
 * Source: KEP-3331; apiserver `pkg/apis/apiserver/validation/validation.go`.
 *
 * @param source what the text is called in errors, usually a path.
 * @throws {ConfigurationError} with everything that is wrong. Problems of what it says are `FieldError`s.
 * @example
 * const { configuration, jwt } = parseAuthenticationConfiguration(await readFile('authentication.yaml', 'utf8'))
 */
export function parseAuthenticationConfiguration(
  text: string,
  source?: string,
  options: ValidateAuthenticationConfigurationOptions = {},
): ValidatedAuthenticationConfiguration {
  const configuration = decodeAuthenticationConfiguration(text, source)
  const validated = validateAuthenticationConfiguration(configuration, options)
  if (validated.errors.length > 0) throw new ConfigurationError(validated.errors)
  return validated
}
