import type { AuthorizationEvent } from '@kube-authn/core/internal'
import {
  callCode,
  DEFAULT_BUCKETS,
  DELEGATED_CALL_BUCKETS,
  type EventHandlers,
  exponentialBuckets,
  type Histogram,
  type Instruments,
  timedCounter,
} from './instruments.ts'

/**
 * Metrics of authorization and impersonation.
 *
 * Source: apiserver `pkg/endpoints/filters/metrics.go`, `pkg/authorization/metrics/metrics.go`,
 * `pkg/endpoints/filters/impersonation/metrics.go`.
 *
 * Deviation: the type of a custom authorizer is its name (`docs/deviations.md`, metrics).
 */
export function authorizationMetrics(make: Instruments): EventHandlers {
  const buckets = exponentialBuckets(0.001, 2, 15)
  const attempts = timedCounter(
    make,
    'result',
    [
      'authorization_attempts_total',
      'Counter of authorization attempts by result: allowed, denied, no-opinion or error.',
    ],
    ['authorization_duration_seconds', 'Authorization duration in seconds by result.'],
    buckets,
  )
  const decisions = make.counter(
    'apiserver_authorization_decisions_total',
    'Decisions of each authorizer that allowed or denied.',
    ['type', 'name', 'decision'],
  )
  const byModeAndDecision = (prefix: string, what: string): Histogram =>
    timedCounter(
      make,
      ['mode', 'decision'],
      [`apiserver_impersonation_${prefix}_total`, `${what}, by mode and decision.`],
      [
        `apiserver_impersonation_${prefix}_duration_seconds`,
        `${what}: duration in seconds, by mode and decision.`,
      ],
      buckets,
    )
  const impersonations = byModeAndDecision('attempts', 'Attempts to impersonate another user')
  const checks = byModeAndDecision('authorization_attempts', 'Authorization checks of impersonation')

  return {
    authorization: (event) => attempts.observe(resultOf(event), event.durationSeconds),
    authorizerConsulted({
      authorizer: name,
      authorizerType = TYPES.get(name) ?? name,
      decision: { verdict },
    }) {
      // A union repeats the decision of one of its members.
      if (name === 'union' || verdict === 'noOpinion') return
      decisions.add([authorizerType, name, verdict === 'allow' ? 'allowed' : 'denied'])
    },
    impersonation({ mode = '', result, failure, durationSeconds }) {
      // Headers that name no user are no attempt.
      if (failure?.status !== 400) impersonations.observe([mode, result], durationSeconds)
    },
    impersonationCheck: ({ mode, result, durationSeconds }) =>
      checks.observe([mode, result], durationSeconds),
  }
}

/** A request that is allowed despite an error counts as allowed; otherwise an error counts as an error, whatever the verdict. */
function resultOf({ result, verdict, error }: AuthorizationEvent): string {
  if (result === 'allow') return 'allowed'
  if (error !== undefined || result === 'error') return 'error'
  return verdict === 'deny' ? 'denied' : 'no-opinion'
}

/** The types of `AuthorizationConfiguration`. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['rbac', 'RBAC'],
  ['webhook', 'Webhook'],
  ['alwaysAllow', 'AlwaysAllow'],
  ['alwaysDeny', 'AlwaysDeny'],
])

/**
 * Metrics of authorization webhooks: calls, match conditions, and failures that count as no opinion. As in kube-apiserver, calls to the
 * cluster that an extension API server delegates authorization to have separate metrics, by HTTP status.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/metrics/metrics.go`, `pkg/authorization/authorizerfactory/metrics.go`,
 * `pkg/authorization/cel/metrics.go`.
 *
 * Deviation: no call is `canceled`, since a call continues if its caller gives up (`docs/deviations.md`, metrics).
 */
export function authorizationWebhookMetrics(make: Instruments): EventHandlers {
  const label = ['name', 'result']
  const calls = timedCounter(
    make,
    label,
    [
      'apiserver_authorization_webhook_evaluations_total',
      'Calls of authorization webhooks by name and result: success, error or timeout.',
    ],
    [
      'apiserver_authorization_webhook_duration_seconds',
      'Duration of calls of authorization webhooks in seconds, by name and result.',
    ],
    DEFAULT_BUCKETS,
  )
  const failOpen = make.counter(
    'apiserver_authorization_webhook_evaluations_fail_open_total',
    'Failures of authorization webhooks that counted as no opinion, by name and result: error or timeout.',
    label,
  )
  const clusterCalls = timedCounter(
    make,
    'code',
    [
      'apiserver_delegated_authz_request_total',
      'Calls of the cluster that authorization is delegated to, by HTTP status or <error>.',
    ],
    [
      'apiserver_delegated_authz_request_duration_seconds',
      'Duration of calls of the cluster that authorization is delegated to in seconds, by HTTP status or <error>.',
    ],
    DELEGATED_CALL_BUCKETS,
  )
  const authorizer = ['type', 'name']
  const conditionErrors = make.counter(
    'apiserver_authorization_match_condition_evaluation_errors_total',
    'Requests for which a match condition of an authorizer could not be evaluated, by type and name of the authorizer.',
    authorizer,
  )
  const exclusions = make.counter(
    'apiserver_authorization_match_condition_exclusions_total',
    'Requests that skipped an authorizer because a match condition is false, by type and name of the authorizer.',
    authorizer,
  )
  const evaluation = make.histogram(
    'apiserver_authorization_match_condition_evaluation_seconds',
    'Duration of evaluating the match conditions of an authorizer in seconds, by its type and name.',
    [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25],
    authorizer,
  )

  return {
    accessReviewCall({ authorizer: name, result, status, delegated, durationSeconds }) {
      if (delegated === true) clusterCalls.observe(callCode(status), durationSeconds)
      else calls.observe([name, result], durationSeconds)
    },
    accessReviewFailOpen({ authorizer: name, result, delegated }) {
      if (delegated !== true) failOpen.add([name, result])
    },
    authorizationMatchCondition({ authorizerType, authorizer: name, durationSeconds, error, excluded }) {
      const labels = [authorizerType, name]
      evaluation.observe(labels, durationSeconds)
      if (error !== undefined) conditionErrors.add(labels)
      if (excluded) exclusions.add(labels)
    },
  }
}
