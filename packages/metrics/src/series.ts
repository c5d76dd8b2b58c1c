import type { MetricFamily, MetricSource } from './family.ts'
import {
  type Age,
  type Counter,
  type Gauge,
  type Histogram,
  type Instruments,
  labelNames,
  labelsOf,
  type LabelValues,
  type LatestInfo,
  type MetricDescription,
} from './instruments.ts'

/** A counter or gauge that stores its values. */
export interface Series extends Counter, Gauge, MetricSource {
  readonly get: (labelValues: LabelValues) => number
}

/** Values that go up (`counter`) or up and down (`gauge`). */
export function series(
  type: 'counter' | 'gauge',
  aggregation: MetricFamily['aggregation'],
  ...[name, help, label]: MetricDescription
): Series {
  const values = new Map<string, { readonly labels: LabelValues; value: number }>()
  const names = labelNames(label)
  const valueOf = (labels: LabelValues): { value: number } => {
    const key = keyOf(names, labels)
    const known = values.get(key)
    if (known !== undefined) return known
    const made = { labels, value: 0 }
    values.set(key, made)
    return made
  }
  const collect = (): MetricFamily => ({
    name,
    help,
    type,
    labelNames: names,
    aggregation,
    samples: Array.from(values.values(), ({ labels, value }) => ({
      name,
      labels: labelsOf(names, labels),
      value,
    })),
  })
  return {
    name,
    add(labelValues, amount = 1) {
      valueOf(labelValues).value += amount
    },
    set(labelValues, value) {
      valueOf(labelValues).value = value
    },
    get: (labelValues) => values.get(keyOf(names, labelValues))?.value ?? 0,
    collect,
    reset: () => values.clear(),
  }
}

/** A distribution of values over buckets. */
export function histogram(
  name: string,
  help: string,
  buckets: readonly number[],
  label?: LabelValues,
): Histogram & MetricSource {
  const bounds = [...buckets, Infinity]
  const states = new Map<string, { readonly labels: LabelValues; readonly counts: number[]; sum: number }>()
  const names = labelNames(label)
  const collect = (): MetricFamily => ({
    name,
    help,
    type: 'histogram',
    labelNames: names,
    aggregation: 'sum',
    samples: [...states.values()].flatMap(({ labels: values, counts, sum }) => {
      const labels = labelsOf(names, values)
      let total = 0
      const inBuckets = bounds.map((bound, index) => {
        total += counts[index] ?? 0
        const le = bound === Infinity ? '+Inf' : String(bound)
        return { name: `${name}_bucket`, labels: { ...labels, le }, value: total }
      })
      return [
        ...inBuckets,
        { name: `${name}_sum`, labels, value: sum },
        { name: `${name}_count`, labels, value: total },
      ]
    }),
  })
  return {
    name,
    observe(labels, value) {
      const key = keyOf(names, labels)
      const state = states.get(key) ?? { labels, counts: bounds.map(() => 0), sum: 0 }
      states.set(key, state)
      state.sum += value
      const bucket = bounds.findIndex((bound) => value <= bound)
      state.counts[bucket] = (state.counts[bucket] ?? 0) + 1
    },
    collect,
    reset: () => states.clear(),
  }
}

function latestInfo(...metric: MetricDescription): LatestInfo & MetricSource {
  const latest = new Map<string, LabelValues>()
  return {
    name: metric[0],
    set: (subject, labelValues) => void latest.set(subject, labelValues),
    collect() {
      const gauge = series('gauge', 'max', ...metric)
      for (const labelValues of latest.values()) gauge.set(labelValues, 1)
      return gauge.collect()
    },
    reset: () => latest.clear(),
  }
}

function age(elapsedMs: () => number, ...metric: MetricDescription): Age & MetricSource {
  const since = series('gauge', 'max', ...metric)
  return {
    name: since.name,
    set: (labelValues, seconds) => since.set(labelValues, elapsedMs() / 1000 - seconds),
    collect() {
      const { samples, ...family } = since.collect()
      const now = elapsedMs() / 1000
      return { ...family, samples: samples.map((each) => ({ ...each, value: now - each.value })) }
    },
    reset: () => since.reset(),
  }
}

/** Instruments that store their values. */
export interface KeptInstruments extends Instruments {
  /** All instruments, in order of creation. */
  readonly sources: readonly MetricSource[]
  /** The value of a counter, by its name. */
  readonly counted: (counter: string, labelValues: LabelValues) => number
}

/** @param elapsedMs milliseconds since some time in the past. */
export function keptInstruments(elapsedMs: () => number): KeptInstruments {
  const sources: MetricSource[] = []
  const counters = new Map<string, Series>()
  const kept = <S extends MetricSource>(source: S): S => {
    sources.push(source)
    return source
  }
  return {
    sources,
    counted: (counter, labelValues) => counters.get(counter)?.get(labelValues) ?? 0,
    counter(...metric) {
      const counter = kept(series('counter', 'sum', ...metric))
      counters.set(counter.name, counter)
      return counter
    },
    upDownCounter: (...metric) => kept(series('gauge', 'sum', ...metric)),
    gauge: (...metric) => kept(series('gauge', 'max', ...metric)),
    histogram: (...metric) => kept(histogram(...metric)),
    latestInfo: (...metric) => kept(latestInfo(...metric)),
    age: (...metric) => kept(age(elapsedMs, ...metric)),
  }
}

/** A key that is equal for equal values only. */
function keyOf(names: readonly string[], labelValues: LabelValues): string {
  const values = typeof labelValues === 'string' ? [labelValues] : labelValues
  if (names.length < 2) return names.length === 0 ? '' : (values[0] ?? '')
  return JSON.stringify(names.map((_, index) => values[index] ?? ''))
}
