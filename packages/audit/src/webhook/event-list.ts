import type { AuditEvent } from '../event.ts'

/**
 * The body of a webhook call: an `audit.k8s.io/v1` EventList, in JSON.
 *
 * Source: apiserver `plugin/pkg/audit/webhook/webhook.go`.
 */
export function eventList(events: readonly AuditEvent[]): string {
  return JSON.stringify({
    kind: 'EventList',
    apiVersion: 'audit.k8s.io/v1',
    metadata: {},
    // Items do not repeat the kind and version of the list.
    items: events.map(({ kind: _kind, apiVersion: _apiVersion, ...item }) => item),
  })
}
