import type { Clock, Observer } from '@kube-authn/core'
import { apiServerMetrics } from './api-server-metrics.ts'
import { authenticationMetrics } from './authentication-metrics.ts'
import { authorizationMetrics, authorizationWebhookMetrics } from './authorization-metrics.ts'
import {
  authenticationConfigurationMetrics,
  authorizationConfigurationMetrics,
} from './configuration-metrics.ts'
import { externalSignerMetrics } from './external-signer-metrics.ts'
import type { EventHandlers, EventOf, EventType, Instruments } from './instruments.ts'
import { jwtMetrics } from './jwt-metrics.ts'
import { copyMetrics, storeMetrics } from './store-metrics.ts'

/** Creates all metrics, and returns an observer that updates them. */
export function eventMetrics(make: Instruments, clock: Clock): Observer {
  const handlers: EventHandlers = {
    ...authenticationMetrics(make),
    ...jwtMetrics(make, clock),
    ...authenticationConfigurationMetrics(make, clock),
    ...authorizationMetrics(make),
    ...authorizationWebhookMetrics(make),
    ...authorizationConfigurationMetrics(make, clock),
    ...serverCertificateMetrics(make),
    ...auditMetrics(make),
    ...externalSignerMetrics(make, clock),
    ...leaderElectionMetrics(make),
    ...apiServerMetrics(make),
    ...storeMetrics(make),
    ...copyMetrics(make),
  }
  return function countEvent<Type extends EventType>(event: EventOf<Type> & { readonly type: Type }) {
    handlers[event.type]?.(event)
  }
}

/**
 * Counts webhook calls that failed because the server has a certificate of a kind that is no longer accepted.
 *
 * Source: apiserver `pkg/util/webhook/metrics.go`, `pkg/util/x509metrics/server_cert_deprecations.go`.
 */
function serverCertificateMetrics(make: Instruments): EventHandlers {
  const counters = {
    missingSan: make.counter(
      'apiserver_webhooks_x509_missing_san_total',
      'Webhook calls that failed because the server certificate has no subject alternative names.',
    ),
    insecureSha1: make.counter(
      'apiserver_webhooks_x509_insecure_sha1_total',
      'Webhook calls that failed because a certificate of the server is signed with SHA-1.',
    ),
  }
  return { serverCertificate: ({ problem }) => counters[problem].add('') }
}

/**
 * Counts audit events, and requests by audit level.
 *
 * Source: apiserver `pkg/audit/metrics.go`.
 */
function auditMetrics(make: Instruments): EventHandlers {
  const events = make.counter(
    'apiserver_audit_event_total',
    'Audit events that were created and passed to the backend.',
  )
  const errors = make.counter(
    'apiserver_audit_error_total',
    'Audit events that were lost or incomplete, by the plugin that failed.',
    'plugin',
  )
  const levels = make.counter('apiserver_audit_level_total', 'Requests by audit policy level.', 'level')
  // Always 0, for compatibility: no request is refused for this reason.
  make.counter(
    'apiserver_audit_requests_rejected_total',
    'Requests that were refused because their audit event could not be logged.',
  )
  return {
    audit({ what, level, plugin = '', count }) {
      if (what === 'event') events.add('', count)
      else if (what === 'error') errors.add(plugin, count)
      else levels.add(level, count)
    },
  }
}

/**
 * Says for each lease whether this process has it.
 *
 * Source: component-base `metrics/prometheus/clientgo/leaderelection/metrics.go`.
 */
function leaderElectionMetrics(make: Instruments): EventHandlers {
  const leads = make.gauge(
    'leader_election_master_status',
    'Whether this process has the lease of this name: 1, or 0 if it stands by.',
    'name',
  )
  return { leaderElection: ({ name, status }) => leads.set(name, status === 'leading' ? 1 : 0) }
}
