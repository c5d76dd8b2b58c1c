/** One value of a metric. */
export interface MetricSample {
  /** The name of the family; for a histogram with the suffix `_bucket`, `_sum` or `_count`. */
  readonly name: string
  /** By name, in the order of the family. */
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric with all its current values. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** The names of the labels, in order, without `le` of buckets. */
  readonly labelNames: readonly string[]
  /** How to aggregate the values of several processes. */
  readonly aggregation: 'sum' | 'max'
  readonly samples: readonly MetricSample[]
}

/** A metric that is read on demand. */
export interface MetricSource {
  readonly name: string
  collect(): MetricFamily
  /** Discards all values, like a restart. */
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
