import type { ErrorList } from '../../internal/field/errors.ts'
import { printedSeconds } from '../../internal/field/go-duration.ts'
import type { FieldPath } from '../../internal/field/path.ts'
import { compileDistinct, type ExpressionValidation } from '../../token/oidc/configuration/compile.ts'
import type { WebhookConfiguration, WebhookConnectionInfo, WebhookMatchCondition } from './config.ts'
import type { MatchConditions } from './match-conditions.ts'

/** Returns the problem with the path of a kubeconfig; `undefined` if there is none. */
export type KubeConfigFileProblem = (path: string) => string | undefined

/** Options of {@link validateWebhook}. */
export interface WebhookValidation extends ExpressionValidation {
  readonly kubeConfigFileProblem: KubeConfigFileProblem | undefined
}

const MAX_TIMEOUT_SECONDS = 30
const MAX_MATCH_CONDITIONS = 64

/** Adds the problems of a webhook, and returns its compiled conditions. Source: apiserver `pkg/apis/apiserver/validation/validation.go`. */
export function validateWebhook(
  webhook: WebhookConfiguration,
  path: FieldPath,
  validation: WebhookValidation,
): MatchConditions {
  const { errors, kubeConfigFileProblem = absoluteOnly } = validation
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
