import { validateAnonymousConfig } from '../anonymous/config.ts'
import type { CelCompiler } from '../cel/cel.ts'
import { celCompiler } from '../cel/compiler.ts'
import type { ConfigurationProblem } from '../errors.ts'
import { type ErrorList, errorList, type FieldError } from '../field/errors.ts'
import { type FieldPath, fieldPath } from '../field/path.ts'
import { compileInto } from '../oidc/configuration/compile.ts'
import type { AuthenticationConfiguration } from './config.ts'
import type { CompiledJwtAuthenticator } from '../oidc/configuration/programs.ts'
import { withoutUserinfo } from '../oidc/configuration/url.ts'
import { validateCertificateAuthority } from './validate-certificate-authority.ts'
import { validateJwtAuthenticator } from '../oidc/configuration/validate-jwt-authenticator.ts'

const MAX_JWT_AUTHENTICATORS = 64

/** Options of {@link validateAuthenticationConfiguration}. */
export interface ValidateAuthenticationConfigurationOptions {
  /** Issuers that are somebody else's, as those of service accounts (`--service-account-issuer`). Default: none. */
  readonly disallowedIssuers?: readonly string[]
  /** Default `celCompiler()`. */
  readonly compiler?: CelCompiler
}

/** A configuration, and what came of its expressions. */
export interface ValidatedAuthenticationConfiguration {
  readonly configuration: AuthenticationConfiguration
  /** One for each of `configuration.jwt`; of use only when there are no errors. */
  readonly jwt: readonly CompiledJwtAuthenticator[]
  /** Everything that is wrong, with the path of its field. */
  readonly errors: readonly FieldError[]
}

/**
 * Says everything that Kubernetes would refuse a configuration for, in its words, and compiles the expressions.
 *
 * Source: apiserver `pkg/apis/apiserver/validation/validation.go`.
 *
 * @example
 * const { errors } = validateAuthenticationConfiguration(decodeAuthenticationConfiguration(text))
 */
export function validateAuthenticationConfiguration(
  configuration: AuthenticationConfiguration,
  options: ValidateAuthenticationConfigurationOptions = {},
): ValidatedAuthenticationConfiguration {
  const errors = errorList()
  const root = fieldPath('jwt')
  if (configuration.jwt.length > MAX_JWT_AUTHENTICATORS) {
    errors.tooMany(root, configuration.jwt.length, MAX_JWT_AUTHENTICATORS)
    return { configuration, jwt: [], errors: errors.errors }
  }
  const disallowed = new Set(options.disallowedIssuers)
  const compile = compileInto(errors, options.compiler ?? celCompiler())
  const urls = new Set<string>()
  const discoveryUrls = new Set<string>()
  const jwt = configuration.jwt.map((config, index) => {
    const path = root.index(index)
    const compiled = validateJwtAuthenticator(config, path, { errors, disallowed, compile })
    const { certificateAuthority } = config.issuer
    validateCertificateAuthority(
      certificateAuthority,
      path.child('issuer').child('certificateAuthority'),
      errors,
    )
    addUniqueUrl(config.issuer.url, urls, path.child('issuer').child('url'), errors)
    addUniqueUrl(
      config.issuer.discoveryURL,
      discoveryUrls,
      path.child('issuer').child('discoveryURL'),
      errors,
    )
    return compiled
  })
  if (configuration.anonymous !== undefined) {
    errors.addAll(validateAnonymousConfig(configuration.anonymous).map(anonymousError))
  }
  return { configuration, jwt, errors: errors.errors }
}

function addUniqueUrl(value: string, seen: Set<string>, path: FieldPath, errors: ErrorList): void {
  if (value === '') return
  if (seen.has(value)) errors.duplicate(path, withoutUserinfo(value))
  seen.add(value)
}

function anonymousError({ path, message }: ConfigurationProblem): FieldError {
  return message === 'Required value'
    ? { path, field: path, message, type: 'Required', detail: '' }
    : { path, field: path, message: `Invalid value: ${message}`, type: 'Invalid', detail: message }
}
