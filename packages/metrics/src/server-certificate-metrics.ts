import type { AuthenticationEvent } from '@kube-authn/core'
import type { Instruments } from './instruments.ts'

/**
 * Counts webhook calls that failed because the server has a certificate of a kind that is no longer accepted.
 *
 * Source: apiserver `pkg/util/webhook/metrics.go`, `pkg/util/x509metrics/server_cert_deprecations.go`.
 */
export function serverCertificateMetrics(make: Instruments): (event: AuthenticationEvent) => void {
  const counters = {
    missingSan: make.counter({
      name: 'apiserver_webhooks_x509_missing_san_total',
      help: 'Webhook calls that failed because the server certificate has no subject alternative names.',
    }),
    insecureSha1: make.counter({
      name: 'apiserver_webhooks_x509_insecure_sha1_total',
      help: 'Webhook calls that failed because a certificate of the server is signed with SHA-1.',
    }),
  }
  return (event) => {
    if (event.type === 'serverCertificate') counters[event.problem].add('')
  }
}
