import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../testing/test/fakes.ts'
import { metrics } from './metrics.ts'

describe('metrics of signers that are elsewhere', () => {
  it('count what was asked of them, by what came of it', () => {
    const { observer, render } = metrics({ clock: fixedClock(7000) })
    observer({ type: 'externalSigner', operation: 'fetchKeys', code: 'OK', dataTimeMs: 5500 })
    observer({ type: 'externalSigner', operation: 'fetchKeys', code: 'Unavailable' })
    observer({ type: 'externalSigner', operation: 'sign', code: 'unknown-non-grpc' })
    const method = '/v1.ExternalJWTSigner/Sign'
    observer({ type: 'externalSignerCall', method, code: 'OK', durationSeconds: 0.02 })
    const lines = render()
      .split('\n')
      .filter((line) => line.startsWith('apiserver_externaljwt'))
    expect(lines.filter((line) => !line.includes('_bucket'))).toEqual([
      'apiserver_externaljwt_fetch_keys_success_timestamp 7',
      'apiserver_externaljwt_fetch_keys_data_timestamp 5.5',
      'apiserver_externaljwt_fetch_keys_request_total{code="OK"} 1',
      'apiserver_externaljwt_fetch_keys_request_total{code="Unavailable"} 1',
      'apiserver_externaljwt_sign_request_total{code="unknown-non-grpc"} 1',
      `apiserver_externaljwt_request_duration_seconds_sum{method="${method}",code="OK"} 0.02`,
      `apiserver_externaljwt_request_duration_seconds_count{method="${method}",code="OK"} 1`,
    ])
    expect(lines).toContain(
      `apiserver_externaljwt_request_duration_seconds_bucket{method="${method}",code="OK",le="0.025"} 1`,
    )
  })
})
