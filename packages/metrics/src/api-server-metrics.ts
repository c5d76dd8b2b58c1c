import type { ApiRequestKind } from '@kube-authn/core/internal'
import { type EventHandlers, type Instruments, REQUEST_BUCKETS } from './instruments.ts'

const KIND = ['verb', 'group', 'version', 'resource', 'subresource', 'scope']

/**
 * Metrics of an API server's requests and connections.
 *
 * Source: apiserver `pkg/endpoints/metrics/metrics.go`, `pkg/server/secure_serving.go`.
 */
export function apiServerMetrics(make: Instruments): EventHandlers {
  const requests = make.counter('apiserver_request_total', 'Requests that were answered.', [...KIND, 'code'])
  const durations = make.histogram(
    'apiserver_request_duration_seconds',
    'Duration of requests in seconds.',
    REQUEST_BUCKETS,
    KIND,
  )
  const inFlight = make.upDownCounter(
    'apiserver_current_inflight_requests',
    'Requests that count for the limits of requests in flight.',
    'request_kind',
  )
  const longRunning = make.upDownCounter(
    'apiserver_longrunning_requests',
    'Requests that last as long as their clients want, such as watches.',
    KIND,
  )
  const handshakes = make.counter(
    'apiserver_tls_handshake_errors_total',
    'Connections that ended before their TLS handshake was complete.',
  )
  const certificate = make.gauge(
    'kube_authn_serving_certificate_expiration_timestamp_seconds',
    'When the certificate of the server ends, in seconds since the epoch.',
  )

  return {
    apiRequest({ about, status, durationSeconds }) {
      const kind = labelsOfKind(about)
      requests.add([...kind, String(status)])
      durations.observe(kind, durationSeconds)
    },
    longRunningRequest: ({ about, change }) => longRunning.add(labelsOfKind(about), change),
    requestInFlight: ({ kind, change }) => inFlight.add(kind, change),
    tlsHandshakeError: () => handshakes.add(''),
    servingCertificate: ({ notAfterMs }) => certificate.set('', notAfterMs / 1000),
  }
}

function labelsOfKind({ verb, group, version, resource, subresource, scope }: ApiRequestKind): string[] {
  return [verb, group, version, resource, subresource, scope]
}
