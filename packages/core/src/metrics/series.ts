/** Values of labels: one text where there is one label. */
export type LabelValues = string | readonly string[]

/** A counter or gauge. */
export interface Series {
  add(labelValues: LabelValues, amount?: number): void
  set(labelValues: LabelValues, value: number): void
  readonly get: (labelValues: LabelValues) => number
  render(): string
}

/** A histogram. */
export interface Histogram {
  observe(labelValues: LabelValues, value: number): void
  render(): string
}

/** What a metric is called and what it means. */
export interface MetricDescription {
  readonly name: string
  readonly help: string
  /** Absent: there is one value only, and the value of the label is `''`. Several have as many values each, in this order. */
  readonly label?: LabelValues
}

/** Values that go up (`counter`) or up and down (`gauge`), in the Prometheus text format 0.0.4. */
export function series(type: 'counter' | 'gauge', metric: MetricDescription): Series {
  const values = new Map<string, number>()
  const keyOf = keyed(metric)
  return {
    add(labelValues, amount = 1) {
      const key = keyOf(labelValues)
      values.set(key, (values.get(key) ?? 0) + amount)
    },
    set(labelValues, value) {
      values.set(keyOf(labelValues), value)
    },
    get: (labelValues) => values.get(keyOf(labelValues)) ?? 0,
    render() {
      const lines = [...values].map(([own, value]) => `${metric.name}${braced(own)} ${value}`)
      return rendered(type, metric, lines)
    },
  }
}

/** How values are distributed over buckets, in the Prometheus text format 0.0.4. */
export function histogram(metric: MetricDescription, buckets: readonly number[]): Histogram {
  const bounds = [...buckets, Infinity]
  const states = new Map<string, { readonly counts: number[]; sum: number }>()
  const keyOf = keyed(metric)
  return {
    observe(labelValues, value) {
      const key = keyOf(labelValues)
      const state = states.get(key) ?? { counts: bounds.map(() => 0), sum: 0 }
      states.set(key, state)
      state.sum += value
      const bucket = bounds.findIndex((bound) => value <= bound)
      state.counts[bucket] = (state.counts[bucket] ?? 0) + 1
    },
    render() {
      const lines = [...states].flatMap(([own, { counts, sum }]) => {
        let total = 0
        const inBuckets = bounds.map((bound, index) => {
          total += counts[index] ?? 0
          const le = bound === Infinity ? '+Inf' : String(bound)
          return `${metric.name}_bucket${braced(own, `le="${le}"`)} ${total}`
        })
        const [ofSum, ofCount] = [`_sum${braced(own)} ${sum}`, `_count${braced(own)} ${total}`]
        return [...inBuckets, `${metric.name}${ofSum}`, `${metric.name}${ofCount}`]
      })
      return rendered('histogram', metric, lines)
    },
  }
}

/** A counter, and how long what it counts takes, under the same labels. */
export interface TimedCounter {
  /** Adds one, which took this long. */
  observe(labelValues: LabelValues, seconds: number): void
  render(): string
}

/** A counter and a histogram of seconds that belong together. */
export function timedCounter(
  label: LabelValues,
  counted: Omit<MetricDescription, 'label'>,
  timed: Omit<MetricDescription, 'label'>,
  buckets: readonly number[],
): TimedCounter {
  const counter = series('counter', { ...counted, label })
  const durations = histogram({ ...timed, label }, buckets)
  return {
    observe(labelValues, seconds) {
      counter.add(labelValues)
      durations.observe(labelValues, seconds)
    },
    render: () => counter.render() + durations.render(),
  }
}

/** What is within the braces for these values; equal for no others. */
function keyed({ label = [] }: MetricDescription): (labelValues: LabelValues) => string {
  const names = typeof label === 'string' ? [label] : label
  return (labelValues) => {
    const values = typeof labelValues === 'string' ? [labelValues] : labelValues
    return names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`).join(',')
  }
}

function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
}

function braced(...pairs: readonly string[]): string {
  const named = pairs.filter((pair) => pair !== '')
  return named.length === 0 ? '' : `{${named.join(',')}}`
}

function rendered(type: string, { name, help }: MetricDescription, lines: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}
