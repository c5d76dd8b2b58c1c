import type { AuthenticationEvent } from '@kube-authn/core'
import type { AuthorizationEvent } from '@kube-authn/core/internal'
import { exponentialBuckets } from './buckets.ts'
import { type Histogram, type Instruments, timedCounter } from './instruments.ts'

/**
 * Metrics of authorization and impersonation.
 *
 * Source: apiserver `pkg/endpoints/filters/metrics.go`, `pkg/authorization/metrics/metrics.go`,
 * `pkg/endpoints/filters/impersonation/metrics.go`.
 *
 * Deviation: the type of a custom authorizer is its name (`docs/deviations.md`, metrics).
 */
export function authorizationMetrics(make: Instruments): (event: AuthenticationEvent) => void {
  const buckets = exponentialBuckets(0.001, 2, 15)
  const attempts = timedCounter(
    make,
    'result',
    {
      name: 'authorization_attempts_total',
      help: 'Counter of authorization attempts by result: allowed, denied, no-opinion or error.',
    },
    { name: 'authorization_duration_seconds', help: 'Authorization duration in seconds by result.' },
    buckets,
  )
  const decisions = make.counter({
    name: 'apiserver_authorization_decisions_total',
    help: 'Decisions of each authorizer that allowed or denied.',
    label: ['type', 'name', 'decision'],
  })
  const byModeAndDecision = (prefix: string, what: string): Histogram =>
    timedCounter(
      make,
      ['mode', 'decision'],
      { name: `apiserver_impersonation_${prefix}_total`, help: `${what}, by mode and decision.` },
      {
        name: `apiserver_impersonation_${prefix}_duration_seconds`,
        help: `${what}: duration in seconds, by mode and decision.`,
      },
      buckets,
    )
  const impersonations = byModeAndDecision('attempts', 'Attempts to impersonate another user')
  const checks = byModeAndDecision('authorization_attempts', 'Authorization checks of impersonation')

  return (event) => {
    if (event.type === 'authorization') {
      attempts.observe(resultOf(event), event.durationSeconds)
    } else if (event.type === 'authorizerConsulted') {
      const { authorizer: name, authorizerType = TYPES.get(name) ?? name, decision } = event
      // A union repeats the decision of one of its members.
      if (name === 'union' || decision.verdict === 'noOpinion') return
      decisions.add([authorizerType, name, decision.verdict === 'allow' ? 'allowed' : 'denied'])
    } else if (event.type === 'impersonation') {
      impersonations.observe([event.mode ?? '', event.result], event.durationSeconds)
    } else if (event.type === 'impersonationCheck') {
      checks.observe([event.mode, event.result], event.durationSeconds)
    }
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
