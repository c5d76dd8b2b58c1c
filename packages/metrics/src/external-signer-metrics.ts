import type { Clock } from '@kube-authn/core'
import type { EventHandlers, Instruments } from './instruments.ts'

/**
 * Metrics of external signers and their calls.
 *
 * Source: kubernetes `pkg/serviceaccount/externaljwt/metrics/metrics.go`.
 */
export function externalSignerMetrics(make: Instruments, clock: Clock): EventHandlers {
  const fetchedAt = make.gauge(
    'apiserver_externaljwt_fetch_keys_success_timestamp',
    'When the keys of the signer were fetched last, in seconds since the epoch.',
  )
  const dataFrom = make.gauge(
    'apiserver_externaljwt_fetch_keys_data_timestamp',
    'When the signer read the keys that were fetched last, in seconds since the epoch.',
  )
  const fetches = make.counter(
    'apiserver_externaljwt_fetch_keys_request_total',
    'Attempts to fetch the keys of the signer by gRPC status.',
    'code',
  )
  const signed = make.counter(
    'apiserver_externaljwt_sign_request_total',
    'Attempts to have a token signed by gRPC status.',
    'code',
  )
  const calls = make.histogram(
    'apiserver_externaljwt_request_duration_seconds',
    'Duration of calls of the signer in seconds.',
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    ['method', 'code'],
  )

  return {
    externalSignerCall: ({ method, code, durationSeconds }) => calls.observe([method, code], durationSeconds),
    externalSigner({ operation, code, dataTimeMs }) {
      if (operation === 'sign') {
        signed.add(code)
        return
      }
      fetches.add(code)
      if (code === 'OK') fetchedAt.set('', clock.now() / 1000)
      if (dataTimeMs !== undefined) dataFrom.set('', dataTimeMs / 1000)
    },
  }
}
