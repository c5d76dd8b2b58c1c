/** A counter or gauge with at most one label. */
export interface Series {
  add(labelValue: string, amount?: number): void
  readonly get: (labelValue: string) => number
  render(): string
}

/** A histogram with at most one label. */
export interface Histogram {
  observe(labelValue: string, value: number): void
  render(): string
}

/** What a metric is called and what it means. */
export interface MetricDescription {
  readonly name: string
  readonly help: string
  /** Absent: there is one value only, and the value of the label is `''`. */
  readonly label?: string
}

/** Values that go up (`counter`) or up and down (`gauge`), in the Prometheus text format 0.0.4. */
export function series(type: 'counter' | 'gauge', metric: MetricDescription): Series {
  const values = new Map<string, number>()
  return {
    add(labelValue, amount = 1) {
      values.set(labelValue, (values.get(labelValue) ?? 0) + amount)
    },
    get: (labelValue) => values.get(labelValue) ?? 0,
    render() {
      const lines = [...values].map(
        ([label, value]) => `${metric.name}${labels([[metric.label, label]])} ${value}`,
      )
      return rendered(type, metric, lines)
    },
  }
}

/** How values are distributed over buckets, in the Prometheus text format 0.0.4. */
export function histogram(metric: MetricDescription, buckets: readonly number[]): Histogram {
  const bounds = [...buckets, Infinity]
  const states = new Map<string, { readonly counts: number[]; sum: number }>()
  return {
    observe(labelValue, value) {
      const state = states.get(labelValue) ?? { counts: bounds.map(() => 0), sum: 0 }
      states.set(labelValue, state)
      state.sum += value
      const bucket = bounds.findIndex((bound) => value <= bound)
      state.counts[bucket] = (state.counts[bucket] ?? 0) + 1
    },
    render() {
      const lines = [...states].flatMap(([label, { counts, sum }]) => {
        let total = 0
        const inBuckets = bounds.map((bound, index) => {
          total += counts[index] ?? 0
          const le = bound === Infinity ? '+Inf' : String(bound)
          return `${metric.name}_bucket${labels([
            [metric.label, label],
            ['le', le],
          ])} ${total}`
        })
        const own = labels([[metric.label, label]])
        return [...inBuckets, `${metric.name}_sum${own} ${sum}`, `${metric.name}_count${own} ${total}`]
      })
      return rendered('histogram', metric, lines)
    },
  }
}

function labels(pairs: readonly (readonly [name: string | undefined, value: string])[]): string {
  const escaped = (value: string): string =>
    value
      .replaceAll('\\', '\\\\')
      .replaceAll('"', String.raw`\"`)
      .replaceAll('\n', String.raw`\n`)
  const named = pairs.filter(([name]) => name !== undefined)
  if (named.length === 0) return ''
  return `{${named.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`
}

function rendered(type: string, { name, help }: MetricDescription, lines: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}
