/** One value of a metric. */
export interface MetricSample {
  /** That of the family, or with `_bucket`, `_sum` or `_count` behind it where that is a histogram. */
  readonly name: string
  /** By name, in the order of the family. */
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric with all its values at one time. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** The names of the labels, in their order, without `le` of buckets. */
  readonly labelNames: readonly string[]
  /** How the values of several processes become one. */
  readonly aggregation: 'sum' | 'max'
  readonly samples: readonly MetricSample[]
}

/** A metric that is read when it is wanted. */
export interface MetricSource {
  readonly name: string
  collect(): MetricFamily
  /** Forgets all values, as a restart does. */
  reset(): void
}

/**
 * A family in the Prometheus text format 0.0.4.
 *
 * Source: Prometheus, "Exposition formats", text-based format.
 */
export function renderFamily({ name, help, type, samples }: MetricFamily): string {
  const lines = samples.map((sample) => `${sample.name}${braced(sample.labels)} ${sample.value}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

function braced(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
}
