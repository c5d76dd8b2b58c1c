import type { AuthenticationEvent } from '@kube-authn/core'

/** Values of labels: a string if there is one label. */
export type LabelValues = string | readonly string[]

/** Without a label, the metric has a single value, and the label value is `''`. Several labels have values in this order. */
export type MetricDescription = readonly [name: string, help: string, label?: LabelValues]

export interface Counter {
  add(labelValues: LabelValues, amount?: number): void
}

export interface Gauge {
  set(labelValues: LabelValues, value: number): void
}

/** A distribution of values over buckets. */
export interface Histogram {
  observe(labelValues: LabelValues, value: number): void
}

/** An info metric with the value 1 for the latest labels of each subject. */
export interface LatestInfo {
  set(subject: string, labelValues: LabelValues): void
}

/** How long ago something happened, when it is read, in seconds. */
export interface Age {
  set(labelValues: LabelValues, seconds: number): void
}

/** Creates metrics, for one kind of telemetry. */
export interface Instruments {
  /** Only increases. */
  counter(...metric: MetricDescription): Counter
  /** Increases and decreases. */
  upDownCounter(...metric: MetricDescription): Counter
  gauge(...metric: MetricDescription): Gauge
  histogram(name: string, help: string, buckets: readonly number[], label?: LabelValues): Histogram
  latestInfo(...metric: MetricDescription): LatestInfo
  age(...metric: MetricDescription): Age
}

export type EventType = AuthenticationEvent['type']
export type EventOf<Type extends EventType> = Extract<AuthenticationEvent, { readonly type: Type }>

/** A group of metrics: what counts the events of some types. No type is in two groups. */
export type EventHandlers = { readonly [Type in EventType]?: (event: EventOf<Type>) => void }

/** A counter with a histogram of durations: `observe` counts one and records its seconds. */
export function timedCounter(
  make: Instruments,
  label: LabelValues,
  counted: readonly [name: string, help: string],
  timed: readonly [name: string, help: string],
  buckets: readonly number[],
): Histogram {
  const counter = make.counter(...counted, label)
  const durations = make.histogram(...timed, buckets, label)
  return {
    observe(labelValues, seconds) {
      counter.add(labelValues)
      durations.observe(labelValues, seconds)
    },
  }
}

/** The names of the labels of a metric. */
export function labelNames(label: LabelValues = []): readonly string[] {
  return typeof label === 'string' ? [label] : label
}

/** Values of labels by name; a missing one is `''`. */
export function labelsOf(names: readonly string[], labelValues: LabelValues): Record<string, string> {
  const values = typeof labelValues === 'string' ? [labelValues] : labelValues
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}

/** Bucket bounds, each `factor` times the previous one. */
export function exponentialBuckets(start: number, factor: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => start * factor ** index)
}

/**
 * The default buckets.
 *
 * Source: Go client `prometheus/histogram.go` DefBuckets.
 */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * The buckets of requests to an API server and to its store.
 *
 * Source: apiserver `pkg/endpoints/metrics/metrics.go` requestLatencies.
 */
export const REQUEST_BUCKETS: readonly number[] = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

/** The buckets of calls to the cluster that decisions are delegated to. */
export const DELEGATED_CALL_BUCKETS: readonly number[] = [0.25, 0.5, 0.7, 1, 1.5, 3, 5, 10]

/** The label of a call by its HTTP status, if there was an answer. */
export function callCode(status: number | undefined): string {
  return status === undefined ? '<error>' : String(status)
}
