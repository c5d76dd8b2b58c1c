import { type EventHandlers, type Instruments, REQUEST_BUCKETS } from './instruments.ts'

/**
 * Metrics of a store of objects. Those of requests have the names of Kubernetes, whatever the engine is.
 *
 * Source: apiserver `pkg/storage/etcd3/metrics/metrics.go`.
 */
export function storeMetrics(make: Instruments): EventHandlers {
  const durations = make.histogram(
    'etcd_request_duration_seconds',
    'Duration of requests to the store in seconds, of any engine.',
    REQUEST_BUCKETS,
    'operation',
  )
  const requests = make.counter('etcd_requests_total', 'Requests to the store, of any engine.', 'operation')
  const errors = make.counter(
    'etcd_request_errors_total',
    'Requests to the store that failed, of any engine.',
    'operation',
  )
  const results = make.counter(
    'kube_authn_store_results_total',
    'Requests to the store by what they ended with.',
    ['operation', 'code'],
  )
  const up = make.gauge('kube_authn_store_up', 'Whether the last request to the store was answered.')
  const watchers = make.upDownCounter('kube_authn_store_watchers', 'Watches of the store.')
  const watchErrors = make.counter(
    'kube_authn_store_watch_errors_total',
    'Watches of the store that could not go on.',
    'code',
  )

  return {
    storeRequest({ operation, code, isFailure, durationSeconds }) {
      durations.observe(operation, durationSeconds)
      requests.add(operation)
      if (isFailure) errors.add(operation)
      results.add([operation, code])
      up.set('', isFailure ? 0 : 1)
    },
    storeWatch({ change, code }) {
      watchers.add('', change)
      if (code !== undefined) watchErrors.add(code)
    },
    ...statusMetrics(make),
  }
}

function statusMetrics(make: Instruments): EventHandlers {
  const revision = make.gauge(
    'kube_authn_store_revision',
    'The last revision of the store that is known here.',
  )
  const compacted = make.gauge(
    'kube_authn_store_compacted_revision',
    'The revision up to which the store has forgotten changes.',
  )
  const offset = make.gauge(
    'kube_authn_store_clock_offset_seconds',
    'How far the clock of this process is ahead of that of the store, at least; below 0 if it is behind.',
  )
  const schema = make.gauge('kube_authn_store_schema_version', 'The version of the tables of the store.')
  const connections = make.gauge(
    'kube_authn_store_connections',
    'Connections to the store that are used and idle, and requests that wait for one.',
    'state',
  )
  const limit = make.gauge('kube_authn_store_connections_limit', 'The maximum of connections to the store.')

  return {
    storeStatus(status) {
      if (status.revision !== undefined) revision.set('', status.revision)
      if (status.compactedRevision !== undefined) compacted.set('', status.compactedRevision)
      if (status.clockOffsetSeconds !== undefined) offset.set('', status.clockOffsetSeconds)
      if (status.schemaVersion !== undefined) schema.set('', status.schemaVersion)
      if (status.connections === undefined) return
      for (const state of ['used', 'idle', 'waiting'] as const) {
        connections.set(state, status.connections[state])
      }
      limit.set('', status.connections.limit)
    },
  }
}

/** Metrics of the copies of objects that decisions are made with. */
export function copyMetrics(make: Instruments): EventHandlers {
  const staleness = make.age(
    'kube_authn_copy_staleness_seconds',
    'How long ago this copy of objects was known to be that of the store.',
    'kind',
  )
  const objects = make.gauge('kube_authn_copy_objects', 'Objects in the store that are copied.', 'kind')
  const limit = make.gauge(
    'kube_authn_copy_objects_limit',
    'How many objects this copy is meant for: beyond, its memory grows.',
    'kind',
  )
  const outages = make.counter('kube_authn_copy_outages_total', 'Outages of this copy of objects.', 'kind')
  const quotas = make.counter(
    'kube_authn_object_quota_creations_total',
    'Creations in namespaces that have 80 % of the objects of this kind that they may have (near), or all of them (exceeded).',
    ['resource', 'status'],
  )

  return {
    storeCopy(event) {
      const { kind, status } = event
      objects.set(kind, event.objects)
      limit.set(kind, event.maxObjects)
      if (event.ageSeconds !== undefined) staleness.set(kind, event.ageSeconds)
      if (status === 'failing') outages.add(kind)
    },
    objectQuota: ({ resource, status }) => quotas.add([resource, status]),
  }
}
