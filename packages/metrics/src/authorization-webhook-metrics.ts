import type { AccessReviewCallEvent } from '@kube-authn/core/internal'
import type { AuthenticationEvent } from '@kube-authn/core'
import { DEFAULT_BUCKETS, DELEGATED_CALL_BUCKETS } from './buckets.ts'
import { type Instruments, timedCounter } from './instruments.ts'

/**
 * Metrics of authorization webhooks: calls, match conditions, and failures that count as no opinion. As in kube-apiserver, calls to the
 * cluster that an extension API server delegates authorization to have separate metrics, by HTTP status.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/metrics/metrics.go`, `pkg/authorization/authorizerfactory/metrics.go`,
 * `pkg/authorization/cel/metrics.go`.
 *
 * Deviation: no call is `canceled`, since a call continues if its caller gives up (`docs/deviations.md`, metrics).
 */
export function authorizationWebhookMetrics(make: Instruments): (event: AuthenticationEvent) => void {
  const label = ['name', 'result']
  const calls = timedCounter(
    make,
    label,
    {
      name: 'apiserver_authorization_webhook_evaluations_total',
      help: 'Calls of authorization webhooks by name and result: success, error or timeout.',
    },
    {
      name: 'apiserver_authorization_webhook_duration_seconds',
      help: 'Duration of calls of authorization webhooks in seconds, by name and result.',
    },
    DEFAULT_BUCKETS,
  )
  const failOpen = make.counter({
    name: 'apiserver_authorization_webhook_evaluations_fail_open_total',
    help: 'Failures of authorization webhooks that counted as no opinion, by name and result: error or timeout.',
    label,
  })
  const clusterCalls = timedCounter(
    make,
    'code',
    {
      name: 'apiserver_delegated_authz_request_total',
      help: 'Calls of the cluster that authorization is delegated to, by HTTP status or <error>.',
    },
    {
      name: 'apiserver_delegated_authz_request_duration_seconds',
      help: 'Duration of calls of the cluster that authorization is delegated to in seconds, by HTTP status or <error>.',
    },
    DELEGATED_CALL_BUCKETS,
  )
  const authorizer = ['type', 'name']
  const conditionErrors = make.counter({
    name: 'apiserver_authorization_match_condition_evaluation_errors_total',
    help: 'Requests for which a match condition of an authorizer could not be evaluated, by type and name of the authorizer.',
    label: authorizer,
  })
  const exclusions = make.counter({
    name: 'apiserver_authorization_match_condition_exclusions_total',
    help: 'Requests that skipped an authorizer because a match condition is false, by type and name of the authorizer.',
    label: authorizer,
  })
  const evaluation = make.histogram(
    {
      name: 'apiserver_authorization_match_condition_evaluation_seconds',
      help: 'Duration of evaluating the match conditions of an authorizer in seconds, by its type and name.',
      label: authorizer,
    },
    [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25],
  )

  const onCall = (event: AccessReviewCallEvent): void => {
    const { authorizer: name, result, status, durationSeconds } = event
    if (event.delegated !== true) calls.observe([name, result], durationSeconds)
    else clusterCalls.observe(status === undefined ? '<error>' : String(status), durationSeconds)
  }
  return (event) => {
    if (event.type === 'accessReviewCall') {
      onCall(event)
    } else if (event.type === 'accessReviewFailOpen') {
      if (event.delegated !== true) failOpen.add([event.authorizer, event.result])
    } else if (event.type === 'authorizationMatchCondition') {
      const labels = [event.authorizerType, event.authorizer]
      evaluation.observe(labels, event.durationSeconds)
      if (event.error !== undefined) conditionErrors.add(labels)
      if (event.excluded) exclusions.add(labels)
    }
  }
}
