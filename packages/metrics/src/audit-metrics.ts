import type { AuthenticationEvent } from '@kube-authn/core'
import type { Instruments } from './instruments.ts'

/**
 * Counts audit events, and requests by audit level.
 *
 * Source: apiserver `pkg/audit/metrics.go`.
 */
export function auditMetrics(make: Instruments): (event: AuthenticationEvent) => void {
  const events = make.counter({
    name: 'apiserver_audit_event_total',
    help: 'Audit events that were created and passed to the backend.',
  })
  const errors = make.counter({
    name: 'apiserver_audit_error_total',
    help: 'Audit events that were lost or incomplete, by the plugin that failed.',
    label: 'plugin',
  })
  const levels = make.counter({
    name: 'apiserver_audit_level_total',
    help: 'Requests by audit policy level.',
    label: 'level',
  })
  // Always 0, for compatibility: no request is refused for this reason.
  make.counter({
    name: 'apiserver_audit_requests_rejected_total',
    help: 'Requests that were refused because their audit event could not be logged.',
  })
  return (event) => {
    if (event.type !== 'audit') return
    if (event.what === 'event') events.add('', event.count)
    else if (event.what === 'error') errors.add(event.plugin ?? '', event.count)
    else levels.add(event.level, event.count)
  }
}
