import { celCompiler } from '#cel'
import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'
import type { KubernetesVersion } from '../../authenticator/kubernetes-version.ts'
import type { CelCompiler } from '@kube-authn/cel/kubernetes'
import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import type { ErrorList } from '../../internal/field/errors.ts'
import { dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import { type FieldPath, fieldPath } from '../../internal/field/path.ts'
import { printedSeconds } from '../../internal/field/go-duration.ts'
import {
  compileDistinct,
  compileInto,
  configurationErrors,
  type ExpressionValidation,
} from '../../token/oidc/configuration/compile.ts'
import {
  aFunction,
  aKubernetesVersion,
  checkOptions,
  type OptionsShape,
  withMethods,
} from '../../internal/options/index.ts'
import type {
  AuthorizationConfiguration,
  AuthorizerConfiguration,
  WebhookConfiguration,
  WebhookConnectionInfo,
  WebhookMatchCondition,
} from './config.ts'
import type { MatchConditions } from './match-conditions.ts'
import { decodeAuthorizationConfiguration } from './decode.ts'

/**
 * Reads and validates an `AuthorizationConfiguration`, as of `--authorization-config`: v1, v1beta1 or v1alpha1, in YAML or JSON.
 *
 * Source: KEP-3221; kubernetes `pkg/kubeapiserver/authorizer/config.go` (`LoadAndValidateData`).
 *
 * @param source the name of the text in errors, usually a path.
 * @throws {ConfigurationError} with all problems.
 */
export function parseAuthorizationConfiguration(
  text: string,
  source?: string,
  options: ValidateAuthorizationConfigurationOptions = {},
): ValidatedAuthorizationConfiguration {
  const result = validateAuthorizationConfiguration(decodeAuthorizationConfiguration(text, source), options)
  if (result.errors.length > 0) throw new ConfigurationError(result.errors)
  return result
}

/** Returns the problem with the path of a kubeconfig; `undefined` if there is none. */
type KubeConfigFileProblem = (path: string) => string | undefined

/** Options of {@link validateAuthorizationConfiguration}. */
export interface ValidateAuthorizationConfigurationOptions {
  /**
   * The compiler of expressions: `celCompiler()` of `@kube-authn/cel/kubernetes`. On Node.js, Deno and Bun this is the default, and loaded with the
   * first expression; elsewhere, expressions require it.
   */
  readonly compiler?: CelCompiler
  /** The release whose expressions there are, with the default compiler, and whose reasons are given. Default `1.36`. */
  readonly kubernetesVersion?: KubernetesVersion
  /** Returns the problem with the path of a kubeconfig. Default: the path must be absolute. `@kube-authn/node` also checks the file. */
  readonly kubeConfigFileProblem?: KubeConfigFileProblem
}

export const validationShape: OptionsShape<ValidateAuthorizationConfigurationOptions> = {
  compiler: withMethods('a compiler of expressions, as celCompiler() makes', 'compile'),
  kubernetesVersion: aKubernetesVersion,
  kubeConfigFileProblem: aFunction,
}

/** A configuration with its compiled expressions. */
export interface ValidatedAuthorizationConfiguration {
  readonly configuration: AuthorizationConfiguration
  /** One for each of `configuration.authorizers`; valid only if there are no errors. */
  readonly matchConditions: readonly MatchConditions[]
  /** All problems, with the paths of their fields. */
  readonly errors: readonly ConfigurationProblem[]
}

/**
 * Validates a configuration, with Kubernetes' messages, and compiles the expressions. As in Kubernetes, `webhook` is missing from the paths of
 * webhook fields.
 *
 * Source: apiserver `pkg/apis/apiserver/validation/validation.go`; kubernetes `pkg/kubeapiserver/authorizer/config.go`
 * (`LoadAndValidateData`).
 *
 * Deviation: the types Node and ABAC are refused (`docs/deviations.md`, authorization configuration).
 */
export function validateAuthorizationConfiguration(
  configuration: AuthorizationConfiguration,
  options: ValidateAuthorizationConfigurationOptions = {},
): ValidatedAuthorizationConfiguration {
  checkOptions(validationShape, options)
  const { authorizers } = configuration
  const { kubernetesVersion = DEFAULT_KUBERNETES_VERSION } = options
  const { compiler = celCompiler({ kubernetesVersion }) } = options
  const errors = configurationErrors()
  const root = fieldPath('authorizers')
  if (authorizers.length === 0) errors.required(root, 'at least one authorization mode must be defined')
  const seen = { types: new Set<string>(), names: new Set<string>() }
  const compile = compileInto(errors, compiler)
  const matchConditions = authorizers.map((authorizer, index): MatchConditions => {
    const path = root.index(index)
    if (!validateType(authorizer.type, path.child('type'), seen.types, errors)) return []
    validateName(authorizer.name, path.child('name'), seen.names, errors)
    const { webhook } = authorizer
    if (authorizer.type === WEBHOOK) {
      if (webhook !== undefined) {
        return validateWebhook(webhook, path, { errors, compile }, options.kubeConfigFileProblem)
      }
      errors.required(path.child('webhook'), 'required when type=Webhook')
    } else if (webhook !== undefined) {
      errors.invalid(path.child('webhook'), 'non-null', 'may only be specified when type=Webhook')
    }
    return []
  })
  const found = errors.errors.length > 0 ? errors.errors : unexpectedNames(authorizers, root)
  return { configuration, matchConditions, errors: found }
}

const WEBHOOK = 'Webhook'

/** The supported types. */
const TYPES = ['AlwaysAllow', 'AlwaysDeny', 'RBAC', WEBHOOK]

const UNAVAILABLE: ReadonlyMap<string, string> = new Map([
  ['ABAC', 'ABAC policy files are not supported: use roles and the type RBAC instead'],
  [
    'Node',
    'the Node authorizer needs a graph of the pods and nodes of a cluster, which is not available here: remove it',
  ],
])

/** Returns whether the type is valid; if not, the rest of the authorizer is not validated. */
function validateType(type: string, path: FieldPath, seen: Set<string>, errors: ErrorList): boolean {
  const unavailable = UNAVAILABLE.get(type)
  if (type === '') errors.required(path)
  else if (unavailable !== undefined) errors.forbidden(path, unavailable)
  else if (!TYPES.includes(type)) errors.notSupported(path, type, TYPES)
  else if (seen.has(type) && type !== WEBHOOK) errors.duplicate(path, type)
  else {
    seen.add(type)
    return true
  }
  return false
}

function validateName(name: string, path: FieldPath, seen: Set<string>, errors: ErrorList): void {
  const problems = dns1123SubdomainProblems(name)
  if (name === '') errors.required(path)
  else if (seen.has(name)) errors.duplicate(path, name)
  else if (problems.length > 0) {
    errors.invalid(path, name, `authorizer name is invalid: ${problems.join(', ')}`)
  }
  seen.add(name)
}

/** Only webhooks may choose their name. */
function unexpectedNames(
  authorizers: readonly AuthorizerConfiguration[],
  root: FieldPath,
): readonly ConfigurationProblem[] {
  return authorizers.flatMap(({ type, name }, index) => {
    const expected = type.toLowerCase()
    if (type === WEBHOOK || name === expected) return []
    const message = `expected name ${expected} for authorizer ${type} instead of ${name}`
    return [{ path: String(root.index(index).child('name')), message }]
  })
}

const MAX_TIMEOUT_SECONDS = 30
const MAX_MATCH_CONDITIONS = 64

/** Adds the problems of a webhook, and returns its compiled conditions. Source: apiserver `pkg/apis/apiserver/validation/validation.go`. */
function validateWebhook(
  webhook: WebhookConfiguration,
  path: FieldPath,
  validation: ExpressionValidation,
  kubeConfigFileProblem: KubeConfigFileProblem = absoluteOnly,
): MatchConditions {
  const { errors } = validation
  const { timeoutSeconds, matchConditions } = webhook
  const timeout = path.child('timeout')
  if (timeoutSeconds === 0) errors.required(timeout)
  else if (!(timeoutSeconds > 0 && timeoutSeconds <= MAX_TIMEOUT_SECONDS)) {
    errors.invalid(timeout, printedSeconds(timeoutSeconds), 'must be > 0s and <= 30s')
  }
  validateTtl(webhook.authorizedTtlSeconds, path.child('authorizedTTL'), errors)
  validateTtl(webhook.unauthorizedTtlSeconds, path.child('unauthorizedTTL'), errors)
  validateChoice(
    webhook.subjectAccessReviewVersion,
    path.child('subjectAccessReviewVersion'),
    ['v1', 'v1beta1'],
    errors,
  )
  const version = webhook.matchConditionSubjectAccessReviewVersion
  const versionPath = path.child('matchConditionSubjectAccessReviewVersion')
  if (version !== '') validateChoice(version, versionPath, ['v1'], errors)
  else if (matchConditions.length > 0) {
    errors.required(versionPath, 'required if match conditions are specified')
  }
  validateChoice(webhook.failurePolicy, path.child('failurePolicy'), ['NoOpinion', 'Deny'], errors)
  validateConnection(webhook.connectionInfo, path.child('connectionInfo'), kubeConfigFileProblem, errors)
  return validateConditions(matchConditions, path.child('matchConditions'), validation)
}

function validateTtl(seconds: number, path: FieldPath, errors: ErrorList): void {
  if (seconds === 0) errors.required(path)
  else if (!(seconds > 0)) errors.invalid(path, printedSeconds(seconds), 'must be > 0s')
}

function validateChoice(value: string, path: FieldPath, choices: readonly string[], errors: ErrorList): void {
  if (value === '') errors.required(path)
  else if (!choices.includes(value)) errors.notSupported(path, value, choices)
}

function validateConnection(
  { type, kubeConfigFile }: WebhookConnectionInfo,
  path: FieldPath,
  problemOf: KubeConfigFileProblem,
  errors: ErrorList,
): void {
  validateChoice(type, path.child('type'), ['InClusterConfig', 'KubeConfigFile'], errors)
  const file = path.child('kubeConfigFile')
  if (type === 'InClusterConfig' && kubeConfigFile !== undefined) {
    errors.invalid(file, kubeConfigFile, 'can only be set when type=KubeConfigFile')
  }
  if (type !== 'KubeConfigFile') return
  if (kubeConfigFile === undefined || kubeConfigFile === '') {
    errors.required(file)
    return
  }
  const problem = problemOf(kubeConfigFile)
  if (problem !== undefined) errors.invalid(file, kubeConfigFile, problem)
}

function absoluteOnly(path: string): string | undefined {
  return /^(?:\/|[A-Za-z]:[\\/])/.test(path) ? undefined : 'must be an absolute path'
}

function validateConditions(
  conditions: readonly WebhookMatchCondition[],
  path: FieldPath,
  validation: ExpressionValidation,
): MatchConditions {
  const { errors } = validation
  if (conditions.length > MAX_MATCH_CONDITIONS) {
    errors.tooMany(path, conditions.length, MAX_MATCH_CONDITIONS)
    return []
  }
  const seen = new Set<string>()
  return conditions.flatMap(({ expression }, index) => {
    const at = path.index(index)
    if (expression.trim() === '') {
      errors.required(at.child('expression'))
      return []
    }
    const program = compileDistinct('request', expression, seen, at, validation)
    return program === undefined ? [] : [program]
  })
}
