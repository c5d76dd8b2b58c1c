import { ConfigurationError } from '../../authenticator/errors.ts'
import { decodeAuthenticationConfiguration } from './decode.ts'
import {
  type ValidatedAuthenticationConfiguration,
  validateAuthenticationConfiguration,
  type ValidateAuthenticationConfigurationOptions,
} from './validate.ts'

/**
 * Decodes and validates an `AuthenticationConfiguration` for `--authentication-config`: v1, v1beta1 or v1alpha1, in YAML or JSON.
 *
 * Source: KEP-3331; apiserver `pkg/apis/apiserver/validation/validation.go`.
 *
 * @param source the name of the document in errors, usually a path.
 * @throws {ConfigurationError} with all problems. Validation problems are `FieldError`s.
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
