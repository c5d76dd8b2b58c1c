import type { AuthenticationEvent } from '../authenticator/events.ts'
import type { Instruments } from './instruments.ts'

/**
 * Counts audit events, and how much the policy keeps.
 *
 * Source: apiserver `pkg/audit/metrics.go`.
 */
export function auditMetrics(make: Instruments): (event: AuthenticationEvent) => void {
  const events = make.counter({
    name: 'apiserver_audit_event_total',
    help: 'Audit events that were made and handed to where they are kept.',
  })
  const errors = make.counter({
    name: 'apiserver_audit_error_total',
    help: 'Audit events that were lost, or a part of them, by the plugin that failed.',
    label: 'plugin',
  })
  const levels = make.counter({
    name: 'apiserver_audit_level_total',
    help: 'Requests by the level that the audit policy has for them.',
    label: 'level',
  })
  // For who looks for it: no request is refused for that reason.
  make.counter({
    name: 'apiserver_audit_requests_rejected_total',
    help: 'Requests that were refused since their audit event could not be kept.',
  })
  return (event) => {
    if (event.type !== 'audit') return
    if (event.what === 'event') events.add('', event.count)
    else if (event.what === 'error') errors.add(event.plugin ?? '', event.count)
    else levels.add(event.level, event.count)
  }
}
