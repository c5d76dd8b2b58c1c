import type { MetricFamily, MetricSource } from '../family.ts'
import type { Metrics } from '../metrics.ts'
import { must, refuseProblems } from '../../internal/options/index.ts'

/** What of a `Registry` of prom-client is used. */
export interface PromClientRegistry {
  registerMetric(metric: { get(): unknown; reset(): void }): void
  getSingleMetric(name: string): unknown
  removeSingleMetric(name: string): void
}

/** What {@link prometheusBridge} returns. */
export interface PrometheusBridge {
  /** Takes the metrics out of the registry, as far as they are still in it. */
  close(): void
}

/**
 * Shows metrics in a registry of prom-client 15, beside those of the app: in its text, as Prometheus or OpenMetrics, with its default labels, in its
 * JSON and in what is merged or aggregated of it. The values stay where they are; the registry reads them when it is asked.
 *
 * In the text of OpenMetrics prom-client ends the name of every counter with `_total`, also of `authentication_attempts`. `registry.clear()` takes them out
 * of the registry as it does all others, and `registry.resetMetrics()` sets them to nothing, here as well. Where the workers of a cluster are
 * aggregated, counters, histograms and what is under way are summed up, and of times and hashes the greatest is taken.
 *
 * @param registry the `register` of prom-client, or a `Registry` of one's own.
 * @throws {ConfigurationError} when it is no registry, or when it has a metric with one of the names already; none is added then.
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
    taken.map(({ name }) => ({ path: 'registry', message: `has a metric with the name ${name} already` })),
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

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** A metric as prom-client knows it. */
interface Collector {
  /** prom-client takes `_total` off the names of counters when it writes OpenMetrics, and puts it back onto what `get` returns. */
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

/** The registry writes default labels into them, so they are new each time. */
function valuesOf({ name, samples }: MetricFamily): readonly object[] {
  return samples.map((sample) => ({
    labels: { ...sample.labels },
    value: sample.value,
    ...(sample.name !== name && { metricName: sample.name }),
  }))
}
