import { ConfigurationError } from '../../authenticator/errors.ts'
import { decodeAuthorizationConfiguration } from './decode.ts'
import {
  type ValidatedAuthorizationConfiguration,
  validateAuthorizationConfiguration,
  type ValidateAuthorizationConfigurationOptions,
} from './validate.ts'

/**
 * Reads and validates an `AuthorizationConfiguration`, as of `--authorization-config`: v1, v1beta1 or v1alpha1, in YAML or JSON.
 *
 * Source: KEP-3221; kubernetes `pkg/kubeapiserver/authorizer/config.go` (`LoadAndValidateData`).
 *
 * @param source the name of the text in errors, usually a path.
 * @throws {ConfigurationError} with all problems.
 * @example
 * const { configuration } = parseAuthorizationConfiguration(await readFile('authorization.yaml', 'utf8'))
 */
export function parseAuthorizationConfiguration(
  text: string,
  source?: string,
  options: ValidateAuthorizationConfigurationOptions = {},
): ValidatedAuthorizationConfiguration {
  const configuration = decodeAuthorizationConfiguration(text, source)
  const validated = validateAuthorizationConfiguration(configuration, options)
  if (validated.errors.length > 0) throw new ConfigurationError(validated.errors)
  return validated
}
