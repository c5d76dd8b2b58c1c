import { metrics as metricsApi, type Meter, trace, type Tracer } from '@opentelemetry/api'
import { type Clock, systemClock } from '../../internal/clock.ts'
import type { Observer } from '../../authenticator/events.ts'
import type { RequestTracing } from '../../handler/tracing.ts'
import { eventMetrics } from '../event-metrics.ts'
import { aClock, aFunction, checkOptions, must, type OptionsShape } from '../../internal/options/index.ts'
import { otelInstruments } from './otel-instruments.ts'
import { type EndUserOptions, requestSpans } from './request-span.ts'

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions extends EndUserOptions {
  /** Makes the spans. Default: one of the global provider, under the name `@kube-authn/core`. */
  readonly tracer?: Tracer
  /** Makes the instruments. Default: one of the global provider as it is at the first event, under the name `@kube-authn/core`. */
  readonly meter?: Meter
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

/** What tells OpenTelemetry. Either part works without the other. */
export interface OpenTelemetry {
  /** Counts, in instruments. Give it to whatever takes an observer. */
  readonly observer: Observer
  /** Makes a span of each authentication. Give it to `authentication` as `tracing`. */
  readonly tracing: RequestTracing
}

const shape: OptionsShape<OpenTelemetryOptions> = {
  tracer: must('must be a Tracer of OpenTelemetry', (value) => has(value, 'startSpan')),
  meter: must('must be a Meter of OpenTelemetry', (value) => has(value, 'createCounter')),
  endUserId: aFunction,
  endUserPseudoId: aFunction,
  clock: aClock,
}

/**
 * Spans and metrics of OpenTelemetry, by its API (`@opentelemetry/api`), which the app must have installed.
 *
 * A span `authenticate` covers one authentication, with these attributes:
 *
 * | attribute                  | value                                                                              |
 * | -------------------------- | ---------------------------------------------------------------------------------- |
 * | `kube_authn.outcome`       | `authenticated`, `noOpinion`, `rejected`, `unavailable`, or `canceled` where the client went away |
 * | `kube_authn.authenticator` | the name of the authenticator that knew the caller                                  |
 * | `error.type`               | `unavailable`, and then the status of the span is an error                          |
 * | `enduser.id`, `enduser.pseudo.id` | what the options say of the user; nothing by default                        |
 *
 * That a credential is refused is no error of the server, so the status stays unset. No span has a credential in it, nor the reason of a refusal.
 *
 * The metrics are those of `metrics()`, with the same names, labels and buckets, each in an instrument.
 *
 * Source: OpenTelemetry semantic conventions 1.43, `enduser` and `error` attributes, recording errors.
 *
 * @throws {ConfigurationError} when an option cannot work.
 * @example
 * const { observer, tracing } = openTelemetry()
 * app.use(authentication(authenticator, { observer, tracing }))
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetry {
  checkOptions(shape, options)
  const { tracer = trace.getTracer(NAME), clock = systemClock } = options
  let count: Observer | undefined
  return {
    observer(event) {
      // Unlike tracers, meters of the global API do not wait for the provider of the app.
      count ??= eventMetrics(otelInstruments(options.meter ?? metricsApi.getMeter(NAME)), clock)
      count(event)
    },
    tracing: requestSpans(tracer, options),
  }
}

const NAME = '@kube-authn/core'

function has(value: unknown, method: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function'
}
