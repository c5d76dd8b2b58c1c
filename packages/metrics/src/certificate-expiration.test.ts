import { expect, it } from 'vitest'
import { metrics } from './metrics.ts'

it('counts for how long client certificates are still valid, in the buckets of kube-apiserver', () => {
  const { observer, render } = metrics()
  for (const seconds of [3600, -3600, 1e9]) observer({ type: 'clientCertificateExpiration', seconds })
  const lines = render()
    .split('\n')
    .filter((line) => line.startsWith('apiserver_client_certificate_expiration_seconds'))
  const counts = lines.map((line) => line.replace('apiserver_client_certificate_expiration_seconds', ''))
  const bounds = [
    [0, 1],
    [1800, 1],
    ...[3600, 7200, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 2_592_000].map((bound) => [bound, 2]),
    ...[7_776_000, 15_552_000, 31_104_000].map((bound) => [bound, 2]),
  ]
  expect(counts).toEqual([
    ...bounds.map(([bound, count]) => `_bucket{le="${bound}"} ${count}`),
    '_bucket{le="+Inf"} 3',
    '_sum 1000000000',
    '_count 3',
  ])
})
