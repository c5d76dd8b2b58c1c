import { CertificateError, certificatePool } from '@kube-authn/x509'
import { celCompiler } from '#cel'
import { type AnonymousConfig, validateAnonymousConfig } from '../../request/anonymous/config.ts'
import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import type { KubernetesVersion } from '../../authenticator/kubernetes-version.ts'
import type { CelCompiler } from '@kube-authn/cel/kubernetes'
import type { ErrorList, FieldError } from '../../internal/field/errors.ts'
import { type FieldPath, fieldPath } from '../../internal/field/path.ts'
import {
  aKubernetesVersion,
  aString,
  checkOptions,
  listOf,
  type OptionsShape,
  withMethods,
} from '../../internal/options/index.ts'
import { compileInto, configurationErrors } from '../oidc/configuration/compile.ts'
import { type AuthenticationConfiguration, decodeAuthenticationConfiguration } from './decode.ts'
import type { CompiledJwtAuthenticator } from '../oidc/configuration/config.ts'
import { withoutUserinfo } from '../oidc/configuration/validate-issuer.ts'
import { validateJwtAuthenticator } from '../oidc/configuration/validate-jwt-authenticator.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'

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
  const result = validateAuthenticationConfiguration(decodeAuthenticationConfiguration(text, source), options)
  if (result.errors.length > 0) throw new ConfigurationError(result.errors)
  return result
}

const MAX_JWT_AUTHENTICATORS = 64

/** Options of {@link validateAuthenticationConfiguration}. */
export interface ValidateAuthenticationConfigurationOptions {
  /** Issuers of other authenticators, such as those of service accounts (`--service-account-issuer`). Default: none. */
  readonly disallowedIssuers?: readonly string[]
  /**
   * The compiler of expressions: `celCompiler()` of `@kube-authn/cel/kubernetes`. On Node.js, Deno and Bun this is the default, and loaded with the
   * first expression; elsewhere, expressions require it.
   */
  readonly compiler?: CelCompiler
  /** The release whose expressions there are, with the default compiler. Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
}

export const validationShape: OptionsShape<ValidateAuthenticationConfigurationOptions> = {
  disallowedIssuers: listOf(aString),
  compiler: withMethods('a CEL compiler, such as celCompiler()', 'compile'),
  kubernetesVersion: aKubernetesVersion,
}

/** A configuration with its compiled expressions. */
export interface ValidatedAuthenticationConfiguration {
  readonly configuration: AuthenticationConfiguration
  /** One for each of `configuration.jwt`; valid only if there are no errors. */
  readonly jwt: readonly CompiledJwtAuthenticator[]
  /** All errors, each with the path of its field. */
  readonly errors: readonly FieldError[]
}

/**
 * Reports all errors for which Kubernetes would reject the configuration, with its messages, and compiles the expressions.
 *
 * Source: apiserver `pkg/apis/apiserver/validation/validation.go`.
 *
 * Deviation: some values are printed differently (`docs/deviations.md`, words of configuration errors).
 */
export function validateAuthenticationConfiguration(
  configuration: AuthenticationConfiguration,
  options: ValidateAuthenticationConfigurationOptions = {},
): ValidatedAuthenticationConfiguration {
  checkOptions(validationShape, options)
  return validateNext(configuration, options)
}

/**
 * {@link validateAuthenticationConfiguration} with options that are already checked.
 *
 * @param inForce the version to be replaced, which is valid: its certificate authorities are not read again.
 */
export function validateNext(
  configuration: AuthenticationConfiguration,
  options: ValidateAuthenticationConfigurationOptions,
  inForce?: AuthenticationConfiguration,
): ValidatedAuthenticationConfiguration {
  const { disallowedIssuers } = options
  const errors = configurationErrors()
  const root = fieldPath('jwt')
  if (configuration.jwt.length > MAX_JWT_AUTHENTICATORS) {
    errors.tooMany(root, configuration.jwt.length, MAX_JWT_AUTHENTICATORS)
    return { configuration, jwt: [], errors: errors.errors }
  }
  const disallowed = new Set(disallowedIssuers)
  const trusted = new Set(inForce?.jwt.map(({ issuer }) => issuer.certificateAuthority))
  const compile = compileInto(errors, compilerOf(options))
  const urls = new Set<string>()
  const discoveryUrls = new Set<string>()
  const jwt = configuration.jwt.map((config, index) => {
    const path = root.index(index)
    const compiled = validateJwtAuthenticator(config, path, { errors, disallowed, compile })
    const { certificateAuthority } = config.issuer
    if (!trusted.has(certificateAuthority)) {
      const field = path.child('issuer').child('certificateAuthority')
      validateCertificateAuthority(certificateAuthority, field, errors)
    }
    addUnique(config.issuer.url, urls, path.child('issuer').child('url'), errors)
    const { discoveryURL } = config.issuer
    if (discoveryURL !== '') {
      addUnique(discoveryURL, discoveryUrls, path.child('issuer').child('discoveryURL'), errors)
    }
    return compiled
  })
  if (configuration.anonymous !== undefined) addAnonymousErrors(configuration.anonymous, errors)
  return { configuration, jwt, errors: errors.errors }
}

/** The compiler of expressions: the given one, or the default. */
export function compilerOf(options: ValidateAuthenticationConfigurationOptions): CelCompiler {
  const { kubernetesVersion = DEFAULT_KUBERNETES_VERSION } = options
  return options.compiler ?? celCompiler({ kubernetesVersion })
}

/** Validates the CA certificates of an issuer. Errors contain no byte of them. */
function validateCertificateAuthority(pem: string, path: FieldPath, errors: ErrorList): void {
  if (pem === '') return
  try {
    certificatePool(pem)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    errors.invalid(path, '<omitted>', error.message.replace(/^x509: (?=data does not)/, ''))
  }
}

function addUnique(url: string, seen: Set<string>, path: FieldPath, errors: ErrorList): void {
  if (seen.has(url)) errors.duplicate(path, withoutUserinfo(url))
  seen.add(url)
}

function addAnonymousErrors(section: AnonymousConfig, errors: ErrorList): void {
  // Conditions as Kubernetes prints them, with the Go name of their field.
  const conditions = section.conditions?.map(({ path }) => ({ Path: path }))
  for (const { path, message } of validateAnonymousConfig(section)) {
    if (message === 'Required value') errors.required(fieldPath(path))
    else errors.invalid(fieldPath(path), conditions, message)
  }
}
