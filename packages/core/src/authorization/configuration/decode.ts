import { readConfigurationDocument } from '../../token/configuration/document.ts'
import type { ErrorList } from '../../internal/field/errors.ts'
import { readDuration } from '../../internal/field/go-duration.ts'
import type { ObjectReader } from '../../internal/field/reader.ts'
import { aString, optionProblems, refuseProblems } from '../../internal/options/index.ts'
import { type YamlLimits, yamlLimitsShape } from '../../internal/yaml/yaml-documents.ts'
import type {
  AuthorizationConfiguration,
  AuthorizerConfiguration,
  WebhookConfiguration,
  WebhookConnectionInfo,
} from './config.ts'

/**
 * Reads an `AuthorizationConfiguration` from YAML or JSON, strictly: unknown fields, repeated fields and wrong types are errors. Use
 * `validateAuthorizationConfiguration` to validate the values.
 *
 * Source: apiserver `pkg/apis/apiserver/load/load.go`, `pkg/apis/apiserver/v1/defaults.go`.
 *
 * Deviation: a second document is an error (`docs/deviations.md`, YAML of configurations).
 *
 * @param source the name of the text in errors, usually a path.
 * @throws {ConfigurationError} with all problems.
 */
export function decodeAuthorizationConfiguration(
  text: string,
  source = 'authorization configuration',
  limits: YamlLimits = {},
): AuthorizationConfiguration {
  refuseProblems(aString(text, 'text'), optionProblems(yamlLimitsShape, limits))
  // As in Kubernetes, an empty file is reported as having no authorizers, not as having no kind.
  if (text === '') return { authorizers: [] }
  const document = { text, source, kind: 'AuthorizationConfiguration', limits }
  return readConfigurationDocument(
    { ...document, emptyMessage: "Object 'Kind' is missing" },
    (reader, errors) => ({
      authorizers: reader.parts('authorizers', (each) => readAuthorizer(each, errors)),
    }),
  )
}

function readAuthorizer(reader: ObjectReader, errors: ErrorList): AuthorizerConfiguration {
  const webhook = reader.object('webhook')
  return {
    type: reader.string('type'),
    name: reader.string('name'),
    ...(webhook !== undefined && { webhook: readWebhook(webhook, errors) }),
  }
}

function readWebhook(reader: ObjectReader, errors: ErrorList): WebhookConfiguration {
  const seconds = (name: string): number => readSeconds(reader, name, errors)
  const webhook = {
    authorizedTtlSeconds: seconds('authorizedTTL') || 300,
    cacheAuthorizedRequests: onUnlessSaid(reader, 'cacheAuthorizedRequests'),
    unauthorizedTtlSeconds: seconds('unauthorizedTTL') || 30,
    cacheUnauthorizedRequests: onUnlessSaid(reader, 'cacheUnauthorizedRequests'),
    timeoutSeconds: seconds('timeout'),
    subjectAccessReviewVersion: reader.string('subjectAccessReviewVersion'),
    matchConditionSubjectAccessReviewVersion: reader.string('matchConditionSubjectAccessReviewVersion'),
    failurePolicy: reader.string('failurePolicy'),
    connectionInfo: reader.part('connectionInfo', readConnectionInfo),
    matchConditions: reader.parts('matchConditions', (condition) => ({
      expression: condition.string('expression'),
    })),
  }
  reader.end()
  return webhook
}

function readConnectionInfo(reader: ObjectReader): WebhookConnectionInfo {
  const kubeConfigFile = reader.has('kubeConfigFile') ? reader.string('kubeConfigFile') : undefined
  return { type: reader.string('type'), ...(kubeConfigFile !== undefined && { kubeConfigFile }) }
}

function onUnlessSaid(reader: ObjectReader, name: string): boolean {
  return reader.has(name) ? reader.boolean(name) : true
}

const MAX_DURATION_LENGTH = 64

/** Source: apimachinery `pkg/apis/meta/v1/duration.go`, which reads `null` as an empty string, an invalid duration. */
function readSeconds(reader: ObjectReader, name: string, errors: ErrorList): number {
  if (!reader.has(name) && !reader.names().includes(name)) return 0
  const value = reader.value(name) ?? ''
  const path = reader.path.child(name)
  if (typeof value !== 'string') {
    errors.typeInvalid(path, value, 'must be a duration, as in 30s or 5m0s')
    return 0
  }
  const isTooLong = value.length > MAX_DURATION_LENGTH
  const reading = isTooLong ? { problem: 'time: invalid duration' } : readDuration(value)
  if ('seconds' in reading) return reading.seconds
  errors.invalid(path, value, reading.problem)
  return 0
}
