import { type Clock, systemClock } from '../internal/clock.ts'
import type { Observer, RequestEvent } from '../authenticator/events.ts'
import { aClock, checkOptions, type OptionsShape } from '../internal/options/index.ts'
import { eventMetrics } from './event-metrics.ts'
import { type MetricSource, renderFamily } from './family.ts'
import { keptInstruments } from './series.ts'

/** Counts what happens. */
export interface Metrics {
  /** Give this to whatever takes an observer. */
  readonly observer: Observer
  /** How many requests came out this way (`authentication_attempts`). */
  attempts(result: RequestEvent['result']): number
  /** How many requests were of users with this label (`authenticated_user_requests`). */
  userRequests(label: string): number
  /** Every metric, in the order of {@link render}: for a registry of something else. */
  readonly families: readonly MetricSource[]
  /** Everything, in the Prometheus text format (`text/plain; version=0.0.4`). */
  render(): string
}

/** Options of {@link metrics}. */
export interface MetricsOptions {
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const shape: OptionsShape<MetricsOptions> = { clock: aClock }

/**
 * An observer that counts, under kube-apiserver's metric names.
 *
 * Source: `docs/metrics.md` lists every metric, with the event that feeds it.
 *
 * @throws {ConfigurationError} when an option cannot work.
 * @example
 * const { observer, render } = metrics()
 * app.use(authentication(authenticator, { observer }))
 * app.get('/metrics', (req, res) => res.type('text/plain').send(render()))
 */
export function metrics(options: MetricsOptions = {}): Metrics {
  checkOptions(shape, options)
  const { clock = systemClock } = options
  const instruments = keptInstruments()
  const { sources, counted } = instruments
  return {
    observer: eventMetrics(instruments, clock),
    families: sources,
    attempts: (result) => counted('authentication_attempts', result),
    userRequests: (label) => counted('authenticated_user_requests', label),
    render: () => sources.map((source) => renderFamily(source.collect())).join(''),
  }
}
