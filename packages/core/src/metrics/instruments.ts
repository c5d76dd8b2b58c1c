/** Values of labels: one text where there is one label. */
export type LabelValues = string | readonly string[]

/** What a metric is called and what it means. */
export interface MetricDescription {
  readonly name: string
  readonly help: string
  /** Absent: there is one value only, and the value of the label is `''`. Several have as many values each, in this order. */
  readonly label?: LabelValues
}

/** Adds up. */
export interface Counter {
  add(labelValues: LabelValues, amount?: number): void
}

/** Is what it was set to last. */
export interface Gauge {
  set(labelValues: LabelValues, value: number): void
}

/** How values are distributed over buckets. */
export interface Histogram {
  observe(labelValues: LabelValues, value: number): void
}

/** Says what is the latest, with the value 1, and of each subject only that. */
export interface LatestInfo {
  set(subject: string, labelValues: LabelValues): void
}

/** Makes metrics: where their values go is what a kind of telemetry is. */
export interface Instruments {
  /** It only goes up. */
  counter(metric: MetricDescription): Counter
  /** It goes up and down. */
  upDownCounter(metric: MetricDescription): Counter
  gauge(metric: MetricDescription): Gauge
  histogram(metric: MetricDescription, buckets: readonly number[]): Histogram
  latestInfo(metric: MetricDescription): LatestInfo
}

/** A counter and a histogram of seconds that belong together: `observe` adds one, which took that long. */
export function timedCounter(
  make: Instruments,
  label: LabelValues,
  counted: Omit<MetricDescription, 'label'>,
  timed: Omit<MetricDescription, 'label'>,
  buckets: readonly number[],
): Histogram {
  const counter = make.counter({ ...counted, label })
  const durations = make.histogram({ ...timed, label }, buckets)
  return {
    observe(labelValues, seconds) {
      counter.add(labelValues)
      durations.observe(labelValues, seconds)
    },
  }
}

/** The names of the labels of a metric. */
export function labelNames({ label = [] }: Pick<MetricDescription, 'label'>): readonly string[] {
  return typeof label === 'string' ? [label] : label
}

/** Values of labels by their names; one that is missing is `''`. */
export function labelsOf(names: readonly string[], labelValues: LabelValues): Record<string, string> {
  const values = typeof labelValues === 'string' ? [labelValues] : labelValues
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}
