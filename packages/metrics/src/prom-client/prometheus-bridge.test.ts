import promClient, { AggregatorRegistry, Counter, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../../testing/test/fakes.ts'
import { type AuthenticationEvent, ConfigurationError } from '@kube-authn/core'
import { type Metrics, metrics } from '../metrics.ts'
import { prometheusBridge, type PromClientRegistry } from './prometheus-bridge.ts'

const EVENTS: readonly AuthenticationEvent[] = [
  { type: 'tokenCacheRequest', status: 'hit', durationSeconds: 0.02 },
  { type: 'tokenCacheRequest', status: 'miss', durationSeconds: 70 },
  { type: 'tokenCacheActiveFetch', status: 'inFlight', change: 1 },
  { type: 'serviceAccountToken', status: 'legacy' },
  { type: 'clientCertificateExpiration', seconds: -1 },
  { type: 'jwtAuthenticator', issuer: 'https://issuer.example.com', result: 'success', durationSeconds: 0.1 },
  { type: 'jwksFetch', issuer: 'https://issuer.example.com', jwks: '{"keys":[]}' },
  {
    type: 'accessReviewCall',
    authorizer: 'quote " and backslash \\ and\nline',
    result: 'error',
    durationSeconds: 3,
  },
]

function counted(): Metrics {
  const made = metrics({ clock: fixedClock(5000) })
  for (const event of EVENTS) made.observer(event)
  return made
}

function bridged(registry = new Registry()) {
  const made = counted()
  const bridge = prometheusBridge(made, registry)
  return { registry, bridge, ...made }
}

/** The lines of a text, sorted by family only where that is the order of both. */
const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')

describe('prometheusBridge', () => {
  it('shows the same lines as the text of our own', async () => {
    const { registry, render } = bridged()
    expect(lines(await registry.metrics())).toEqual(lines(render()))
  })

  it('shows what is counted later', async () => {
    const { registry, observer, render } = bridged()
    const before = await registry.metrics()
    observer({ type: 'serviceAccountToken', status: 'legacy' })
    const after = await registry.metrics()
    expect(after).not.toBe(before)
    expect(lines(after)).toEqual(lines(render()))
  })

  it('stands beside metrics of the app, in the default registry too', async () => {
    const { registry } = bridged(promClient.register)
    const own = new Counter({ name: 'my_own_total', help: 'mine' })
    own.inc(2)
    expect(await registry.metrics()).toMatch(/serviceaccount_legacy_tokens_total 1\n[^]*my_own_total 2\n/)
    promClient.register.clear()
  })

  it('has the default labels of the registry, as often as it is asked', async () => {
    const { registry, render } = bridged()
    registry.setDefaultLabels({ app: 'shop', status: 'ours' })
    for (let time = 0; time < 2; time++) {
      const text = await registry.metrics()
      expect(text).toContain('authentication_token_cache_request_total{status="hit",app="shop"} 1')
      await registry.getMetricsAsJSON()
    }
    expect(render()).not.toContain('shop')
  })

  it('is OpenMetrics where the registry is', async () => {
    const registry = new Registry()
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
    const { observer } = bridged(registry)
    observer({ type: 'request', result: 'failure', durationSeconds: 1 } as AuthenticationEvent)
    for (let time = 0; time < 2; time++) {
      const text = await registry.metrics()
      expect(text).toContain(
        '# TYPE serviceaccount_legacy_tokens counter\nserviceaccount_legacy_tokens_total 1\n',
      )
      expect(text).toContain('authentication_attempts_total{result="failure"} 1\n')
      expect(text).toContain('# TYPE authentication_token_cache_active_fetch_count gauge\n')
      expect(text).not.toMatch(/_total_total|# TYPE \w+_total /)
      expect(text.endsWith('# EOF\n')).toBe(true)
    }
  })

  it('is in JSON, with buckets by their names', async () => {
    const { registry } = bridged()
    const json = await registry.getMetricsAsJSON()
    const latency = json.find(({ name }) => name === 'authentication_token_cache_request_duration_seconds')
    expect(latency).toMatchObject({ type: 'histogram', aggregator: 'sum' })
    expect(latency?.values).toContainEqual({
      labels: { status: 'hit', le: '0.025' },
      value: 1,
      metricName: 'authentication_token_cache_request_duration_seconds_bucket',
    })
    expect(structuredClone(json)).toHaveLength(json.length)
  })

  it('is in one metric by its name, and in registries that are merged', async () => {
    const { registry } = bridged()
    expect(await registry.getSingleMetricAsString('serviceaccount_legacy_tokens_total')).toMatch(/ 1$/)
    const other = new Registry()
    new Counter({ name: 'my_own_total', help: 'mine', registers: [other] }).inc()
    const text = await Registry.merge([registry, other]).metrics()
    expect(text).toMatch(/serviceaccount_legacy_tokens_total 1\n[^]*my_own_total 1\n/)
    expect(() => Registry.merge([registry, bridged().registry])).toThrow(/already been registered/)
  })

  it('is summed up over the workers of a cluster, but for times and hashes', async () => {
    const workers = [bridged(), bridged()]
    // As between processes.
    const sent = await Promise.all(
      workers.map(async ({ registry }) => structuredClone(await registry.getMetricsAsJSON())),
    )
    const text = await AggregatorRegistry.aggregate(sent).metrics()
    expect(text).toContain('serviceaccount_legacy_tokens_total 2\n')
    expect(text).toContain('authentication_token_cache_active_fetch_count{status="in_flight"} 2\n')
    expect(text).toContain(
      'authentication_token_cache_request_duration_seconds_bucket{status="hit",le="0.025"} 2\n',
    )
    expect(text).toMatch(/jwks_fetch_last_timestamp_seconds\{result="success",[^}]*\} 5\n/)
    expect(text).toMatch(/jwks_fetch_last_key_set_info\{[^}]*\} 1\n/)
  })

  it.each([
    [
      'a metric of the app',
      (registry: Registry) =>
        new Counter({ name: 'serviceaccount_stale_tokens_total', help: 'x', registers: [registry] }),
    ],
    ['another of these', (registry: Registry) => bridged(registry)],
  ])('is refused beside %s with the same name, as a whole', (_, occupy) => {
    const registry = new Registry()
    occupy(registry)
    const before = registry.getMetricsAsArray()
    expect(() => prometheusBridge(metrics(), registry)).toThrow(
      /registry: already has a metric named serviceaccount_stale_tokens_total/,
    )
    expect(registry.getMetricsAsArray()).toEqual(before)
  })

  it('is gone when the registry is cleared, and can be there again', async () => {
    const { registry, bridge, families, render } = bridged()
    registry.clear()
    expect(await registry.metrics()).toBe('\n')
    expect(render()).toContain('serviceaccount_legacy_tokens_total 1\n')
    prometheusBridge({ families }, registry)
    expect(lines(await registry.metrics())).toEqual(lines(render()))
    // It takes out only what is its own.
    bridge.close()
    expect(lines(await registry.metrics())).toEqual(lines(render()))
  })

  it('can be taken out by itself', async () => {
    const { registry, bridge } = bridged()
    new Counter({ name: 'my_own_total', help: 'mine', registers: [registry] }).inc()
    bridge.close()
    bridge.close()
    expect(lines(await registry.metrics())).toEqual([
      '# HELP my_own_total mine',
      '# TYPE my_own_total counter',
      'my_own_total 1',
    ])
  })

  it('starts from nothing when the registry is reset', async () => {
    const { registry, render } = bridged()
    registry.resetMetrics()
    expect(render()).toBe(metrics().render())
    expect(lines(await registry.metrics())).toEqual(lines(render()))
  })

  it.each([undefined, null, {}, 'register', { registerMetric: () => {} }, Promise.resolve(new Registry())])(
    'refuses what is no registry: %j',
    (registry) => {
      expect(() => prometheusBridge(metrics(), registry as unknown as PromClientRegistry)).toThrow(
        ConfigurationError,
      )
    },
  )

  it.each([undefined, null, {}, { families: 'all' }])('refuses what are no metrics: %j', (made) => {
    expect(() => prometheusBridge(made as unknown as Metrics, new Registry())).toThrow(/metrics: must be/)
  })
})
