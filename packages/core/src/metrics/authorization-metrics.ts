import type { AuthenticationEvent, AuthorizationEvent } from '../events.ts'
import { exponentialBuckets } from './buckets.ts'
import { histogram, series } from './series.ts'

/** Metrics of what is decided about requests and about impersonation. */
export interface AuthorizationMetrics {
  observe(event: AuthenticationEvent): void
  readonly metrics: readonly { render(): string }[]
}

/**
 * Counts what authorizers decide.
 *
 * Source: apiserver `pkg/endpoints/filters/metrics.go`, `pkg/authorization/metrics/metrics.go`,
 * `pkg/endpoints/filters/impersonation/metrics.go`.
 *
 * Deviation: an authorizer of one's own has its name for its type (`docs/deviations.md`, metrics).
 */
export function authorizationMetrics(): AuthorizationMetrics {
  const buckets = exponentialBuckets(0.001, 2, 15)
  const attempts = series('counter', {
    name: 'authorization_attempts_total',
    help: 'Counter of authorization attempts by result: allowed, denied, no-opinion or error.',
    label: 'result',
  })
  const duration = histogram(
    {
      name: 'authorization_duration_seconds',
      help: 'Authorization duration in seconds by result.',
      label: 'result',
    },
    buckets,
  )
  const decisions = series('counter', {
    name: 'apiserver_authorization_decisions_total',
    help: 'Decisions of each authorizer that allowed or denied.',
    label: ['type', 'name', 'decision'],
  })
  const modeAndDecision = ['mode', 'decision']
  const impersonations = series('counter', {
    name: 'apiserver_impersonation_attempts_total',
    help: 'Attempts to act as another user, by mode and decision.',
    label: modeAndDecision,
  })
  const impersonationDuration = histogram(
    {
      name: 'apiserver_impersonation_attempts_duration_seconds',
      help: 'Duration of attempts to act as another user in seconds, by mode and decision.',
      label: modeAndDecision,
    },
    buckets,
  )
  const checks = series('counter', {
    name: 'apiserver_impersonation_authorization_attempts_total',
    help: 'Questions that impersonation asked the authorizer, by mode and decision.',
    label: modeAndDecision,
  })
  const checkDuration = histogram(
    {
      name: 'apiserver_impersonation_authorization_attempts_duration_seconds',
      help: 'Duration of questions that impersonation asked the authorizer in seconds, by mode and decision.',
      label: modeAndDecision,
    },
    buckets,
  )

  return {
    observe(event) {
      if (event.type === 'authorization') {
        const result = resultOf(event)
        attempts.add(result)
        duration.observe(result, event.durationSeconds)
      } else if (event.type === 'authorizerConsulted') {
        const { authorizer: name, decision } = event
        // A union only says what one of its members does.
        if (name === 'union' || decision.verdict === 'noOpinion') return
        decisions.add([TYPES.get(name) ?? name, name, decision.verdict === 'allow' ? 'allowed' : 'denied'])
      } else if (event.type === 'impersonation') {
        const labels = [event.mode ?? '', event.result]
        impersonations.add(labels)
        impersonationDuration.observe(labels, event.durationSeconds)
      } else if (event.type === 'impersonationCheck') {
        const labels = [event.mode, event.result]
        checks.add(labels)
        checkDuration.observe(labels, event.durationSeconds)
      }
    },
    metrics: [attempts, duration, decisions, impersonations, impersonationDuration, checks, checkDuration],
  }
}

/** An authorizer that allows in spite of an error has allowed; otherwise an error is one whatever was decided. */
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
