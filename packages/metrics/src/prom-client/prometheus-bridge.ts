import { memberOf, must, refuseProblems } from '@kube-authn/core/internal'
import type { MetricFamily, MetricSource } from '../family.ts'
import type { Metrics } from '../metrics.ts'

/** The members of a prom-client `Registry` that are used. */
export interface PromClientRegistry {
  registerMetric(metric: { get(): unknown; reset(): void }): void
  getSingleMetric(name: string): unknown
  removeSingleMetric(name: string): void
}

/** The result of {@link prometheusBridge}. */
export interface PrometheusBridge {
  /** Removes the metrics from the registry, if they are still in it. */
  close(): void
}

/**
 * Adds metrics to a prom-client 15 registry, together with those of the app: in its Prometheus or OpenMetrics output, with its default
 * labels, in its JSON, and in merged or aggregated registries. The values are not copied; the registry reads them on demand.
 *
 * In OpenMetrics output prom-client ends the name of every counter with `_total`, also of `authentication_attempts`. `registry.clear()`
 * removes these metrics like all others, and `registry.resetMetrics()` resets the values here too. If the workers of a cluster are
 * aggregated, counters, histograms and the number of lookups in progress are added, and the maximum of times and hashes is taken.
 *
 * @param registry the `register` of prom-client, or another `Registry`.
 * @throws {ConfigurationError} if it is not a registry, or already has a metric with one of the names; none is added then.
 * @example
 * import { register } from 'prom-client'
 *
 * const counted = metrics()
 * prometheusBridge(counted, register)
 * app.use(authentication(authenticator, { observer: counted.observer }))
 */
export function prometheusBridge(
  metrics: Pick<Metrics, 'families'>,
  registry: PromClientRegistry,
): PrometheusBridge {
  refuseProblems(haveFamilies(metrics, 'metrics'), isRegistry(registry, 'registry'))
  const taken = metrics.families.filter(({ name }) => registry.getSingleMetric(name) !== undefined)
  refuseProblems(
    taken.map(({ name }) => ({ path: 'registry', message: `already has a metric named ${name}` })),
  )
  const collectors = metrics.families.map((source) => ({ name: source.name, collector: collectorOf(source) }))
  for (const { collector } of collectors) registry.registerMetric(collector)
  return {
    close() {
      for (const { name, collector } of collectors) {
        if (registry.getSingleMetric(name) === collector) registry.removeSingleMetric(name)
      }
    },
  }
}

const haveFamilies = must('must be what metrics() returned', (value) =>
  Array.isArray(memberOf(value, 'families')),
)

const isRegistry = must('must be a Registry of prom-client', (value) =>
  ['registerMetric', 'getSingleMetric', 'removeSingleMetric'].every(
    (name) => typeof memberOf(value, name) === 'function',
  ),
)

interface Collector {
  /** prom-client removes `_total` from the names of counters when it writes OpenMetrics, and adds it again to the result of `get`. */
  name: string
  readonly help: string
  readonly type: MetricFamily['type']
  readonly aggregator: MetricFamily['aggregation']
  get(): Promise<object>
  reset(): void
}

function collectorOf(source: MetricSource): Collector {
  const { name, help, type, aggregation: aggregator } = source.collect()
  const collector: Collector = {
    name,
    help,
    type,
    aggregator,
    get: () =>
      Promise.resolve({ name: collector.name, help, type, aggregator, values: valuesOf(source.collect()) }),
    reset: () => source.reset(),
  }
  return collector
}

/** New objects each time, since the registry adds default labels to them. */
function valuesOf({ name, samples }: MetricFamily): readonly object[] {
  return samples.map((sample) => ({
    labels: { ...sample.labels },
    value: sample.value,
    ...(sample.name !== name && { metricName: sample.name }),
  }))
}
