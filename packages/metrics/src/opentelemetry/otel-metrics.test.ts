import { metrics as metricsApi } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { afterEach, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../testing/test/fakes.ts'
import { type AuthenticationEvent, ConfigurationError } from '@kube-authn/core'
import { metrics } from '../metrics.ts'
import { openTelemetry, type OpenTelemetryOptions } from './open-telemetry.ts'

afterEach(() => metricsApi.disable())

const issuer = 'https://issuer.example.com'
const EVENTS: readonly AuthenticationEvent[] = [
  { type: 'tokenCacheRequest', status: 'hit', durationSeconds: 0.02 },
  { type: 'tokenCacheRequest', status: 'hit', durationSeconds: 70 },
  { type: 'tokenCacheActiveFetch', status: 'inFlight', change: 1 },
  { type: 'tokenCacheActiveFetch', status: 'blocked', change: 1 },
  { type: 'tokenCacheActiveFetch', status: 'inFlight', change: -1 },
  { type: 'serviceAccountToken', status: 'legacy' },
  { type: 'clientCertificateExpiration', seconds: 5000 },
  { type: 'jwtAuthenticator', issuer, result: 'failure', durationSeconds: 0.1 },
  { type: 'jwksFetch', issuer, jwks: '{"keys":[]}' },
  { type: 'jwksFetch', issuer, jwks: '{"keys":[1]}' },
  { type: 'accessReviewCall', authorizer: 'policy', result: 'timeout', durationSeconds: 30 },
  { type: 'audit', what: 'error', level: 'Metadata', plugin: 'log', count: 3 },
  { type: 'storeCopy', kind: 'roles', status: 'confirmed', objects: 1, maxObjects: 2, ageSeconds: 0.5 },
]

function provided() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })
  const provider = new MeterProvider({ readers: [reader] })
  const collected = async () => {
    exporter.reset()
    await reader.forceFlush()
    return exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ scope, metrics: each }) =>
          each.map((metric) => ({ scope: scope.name, ...metric })),
        ),
      )
  }
  return { provider, collected }
}

/** What instruments hold, in the form of our own samples. */
async function samplesOf(
  collected: ReturnType<typeof provided>['collected'],
): Promise<readonly { readonly name: string; readonly labels: object; readonly value: unknown }[]> {
  return (await collected()).flatMap<{ name: string; labels: object; value: unknown }>((metric) => {
    const { name } = metric.descriptor
    if (metric.dataPointType !== DataPointType.HISTOGRAM) {
      return metric.dataPoints.map(({ attributes, value }) => ({ name, labels: attributes, value }))
    }
    return metric.dataPoints.flatMap(({ attributes: labels, value: { buckets, count, sum } }) => {
      let total = 0
      const inBuckets = buckets.counts.map((each, index) => {
        const le = String(buckets.boundaries[index] ?? '+Inf')
        return { name: `${name}_bucket`, labels: { ...labels, le }, value: (total += each) }
      })
      return [
        ...inBuckets,
        { name: `${name}_sum`, labels, value: sum },
        { name: `${name}_count`, labels, value: count },
      ]
    })
  })
}

describe('metrics by OpenTelemetry', () => {
  it('are the same as in the text: names, labels, buckets and values', async () => {
    const { provider, collected } = provided()
    const { observer } = openTelemetry({ meter: provider.getMeter('test'), clock: fixedClock(5000) })
    const own = metrics({ clock: fixedClock(5000) })
    for (const event of EVENTS) {
      observer(event)
      own.observer(event)
    }
    const expected = own.families.flatMap((family) => family.collect().samples)
    expect(expected.length).toBeGreaterThan(60)
    expect(await samplesOf(collected)).toEqual(expected)
  })

  it('have the type and the description of the text, and seconds for a unit of times', async () => {
    const { provider, collected } = provided()
    const { observer } = openTelemetry({ meter: provider.getMeter('test') })
    for (const event of EVENTS) observer(event)
    const families = new Map(metrics().families.map((family) => [family.name, family.collect()]))
    for (const { descriptor, dataPointType } of await collected()) {
      const family = families.get(descriptor.name)
      expect(descriptor.description).toBe(family?.help)
      expect(dataPointType === DataPointType.HISTOGRAM).toBe(family?.type === 'histogram')
      expect(descriptor.unit).toBe(family?.type === 'histogram' ? 's' : '')
    }
  })

  it('tell the latest keys only', async () => {
    const { provider, collected } = provided()
    const { observer } = openTelemetry({ meter: provider.getMeter('test') })
    for (const event of EVENTS) observer(event)
    const info = (await samplesOf(collected)).filter(({ name }) => name.endsWith('last_key_set_info'))
    expect(info).toHaveLength(1)
  })

  it('go to the global provider, also where that is there only after the app was made', async () => {
    const { observer } = openTelemetry()
    const { provider, collected } = provided()
    metricsApi.setGlobalMeterProvider(provider)
    observer({ type: 'serviceAccountToken', status: 'legacy' })
    expect(await collected()).toMatchObject([
      { scope: '@kube-authn/core', descriptor: { name: 'serviceaccount_legacy_tokens_total' } },
    ])
  })

  it('go nowhere where there is no provider', () => {
    const { observer } = openTelemetry()
    expect(() => observer({ type: 'serviceAccountToken', status: 'legacy' })).not.toThrow()
    expect(metricsApi.getMeterProvider()).not.toBeInstanceOf(MeterProvider)
  })

  it.each([
    [{ tracer: {} }, /tracer: must be a Tracer/],
    [{ tracer: 'test' }, /tracer: must be a Tracer/],
    [{ meter: null }, /meter: must/],
    [{ meter: { createCounter: 1 } }, /meter: must be a Meter/],
    [{ endUserId: 'username' }, /endUserId/],
    [{ endUserPseudoId: true }, /endUserPseudoId/],
    [{ endUser: true }, /endUser: unknown option/],
  ])('refuse the options %j', (options, problem) => {
    const make = () => openTelemetry(options as unknown as OpenTelemetryOptions)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(problem)
  })
})
