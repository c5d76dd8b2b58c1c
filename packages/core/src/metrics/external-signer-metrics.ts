import type { Clock } from '../clock.ts'
import type { AuthenticationEvent } from '../events.ts'
import { histogram, series } from './series.ts'

/** Metrics of signers that are elsewhere. */
export interface ExternalSignerMetrics {
  observe(event: AuthenticationEvent): void
  readonly metrics: readonly { render(): string }[]
}

/**
 * Counts what is asked of signers and how long their calls take.
 *
 * Source: kubernetes `pkg/serviceaccount/externaljwt/metrics/metrics.go`.
 */
export function externalSignerMetrics(clock: Clock): ExternalSignerMetrics {
  const fetchedAt = series('gauge', {
    name: 'apiserver_externaljwt_fetch_keys_success_timestamp',
    help: 'When the keys of the signer were fetched last, in seconds since the epoch.',
  })
  const dataFrom = series('gauge', {
    name: 'apiserver_externaljwt_fetch_keys_data_timestamp',
    help: 'When the signer read the keys that were fetched last, in seconds since the epoch.',
  })
  const fetches = series('counter', {
    name: 'apiserver_externaljwt_fetch_keys_request_total',
    help: 'Attempts to fetch the keys of the signer by gRPC status.',
    label: 'code',
  })
  const signed = series('counter', {
    name: 'apiserver_externaljwt_sign_request_total',
    help: 'Attempts to have a token signed by gRPC status.',
    label: 'code',
  })
  const calls = histogram(
    {
      name: 'apiserver_externaljwt_request_duration_seconds',
      help: 'Duration of calls of the signer in seconds.',
      label: ['method', 'code'],
    },
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  )
  return {
    observe(event) {
      if (event.type === 'externalSignerCall') {
        calls.observe([event.method, event.code], event.durationSeconds)
      } else if (event.type === 'externalSigner') {
        const { operation, code, dataTimeMs } = event
        if (operation === 'sign') signed.add(code)
        else {
          fetches.add(code)
          if (code === 'OK') fetchedAt.set('', clock.now() / 1000)
          if (dataTimeMs !== undefined) dataFrom.set('', dataTimeMs / 1000)
        }
      }
    },
    metrics: [fetchedAt, dataFrom, fetches, signed, calls],
  }
}
