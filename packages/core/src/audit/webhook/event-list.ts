import type { AuditEvent } from '../event.ts'

/**
 * Events as a webhook gets them: an `audit.k8s.io/v1` EventList, in JSON.
 *
 * Source: apiserver `plugin/pkg/audit/webhook/webhook.go`.
 */
export function eventList(events: readonly AuditEvent[]): string {
  return JSON.stringify({
    kind: 'EventList',
    apiVersion: 'audit.k8s.io/v1',
    metadata: {},
    // An item does not repeat what the list says it is.
    items: events.map(({ kind: _kind, apiVersion: _apiVersion, ...item }) => item),
  })
}
