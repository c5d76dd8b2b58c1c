import type { Clock, Observer } from '@kube-authn/core'
import { elapsedTimeOf, aClock, type RequestEvent, systemClock } from '@kube-authn/core/internal'
import { checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import { eventMetrics } from './event-metrics.ts'
import { type MetricSource, renderFamily } from './family.ts'
import { keptInstruments } from './series.ts'

/** Metrics of all events. */
export interface Metrics {
  /** Pass this to every function with an `observer` option. */
  readonly observer: Observer
  /** The number of requests with this result (`authentication_attempts`). */
  attempts(result: RequestEvent['result']): number
  /** The number of requests of users with this label (`authenticated_user_requests`). */
  userRequests(label: string): number
  /** Every metric, in the order of {@link render}: for another registry. */
  readonly families: readonly MetricSource[]
  /** All metrics, in the Prometheus text format (`text/plain; version=0.0.4`). */
  render(): string
}

/** Options of {@link metrics}. */
export interface MetricsOptions {
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const shape: OptionsShape<MetricsOptions> = { clock: aClock }

/**
 * An observer with metrics under kube-apiserver's names.
 *
 * Source: `docs/metrics.md` lists every metric, with its event.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const { observer, render } = metrics()
 * app.use(authentication(authenticator, { observer }))
 * app.get('/metrics', (req, res) => res.type('text/plain').send(render()))
 */
export function metrics(options: MetricsOptions = {}): Metrics {
  checkOptions(shape, options)
  const { clock = systemClock } = options
  const elapsedMs = elapsedTimeOf(options.clock)
  const instruments = keptInstruments(elapsedMs)
  const { sources, counted } = instruments
  return {
    observer: eventMetrics(instruments, clock),
    families: sources,
    attempts: (result) => counted('authentication_attempts', result),
    userRequests: (label) => counted('authenticated_user_requests', label),
    render: () => sources.map((source) => renderFamily(source.collect())).join(''),
  }
}
