import { type Attributes, metrics as metricsApi, type Meter, trace, type Tracer } from '@opentelemetry/api'
import type { Clock, Observer } from '@kube-authn/core'
import {
  elapsedTimeOf,
  aClock,
  memberOf,
  must,
  type RequestTracing,
  systemClock,
} from '@kube-authn/core/internal'
import { aFunction, checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import { eventMetrics } from '../event-metrics.ts'
import { type Counter, type Instruments, labelNames, labelsOf, type LabelValues } from '../instruments.ts'
import { type EndUserOptions, requestSpans } from './request-span.ts'

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions extends EndUserOptions {
  /** Creates the spans. Default: the tracer `@kube-authn/core` of the global provider. */
  readonly tracer?: Tracer
  /** Creates the instruments. Default: the meter `@kube-authn/core` of the global provider at the first event. */
  readonly meter?: Meter
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

/** Metrics and spans for OpenTelemetry. Each works without the other. */
export interface OpenTelemetry {
  /** Records metrics. Pass it to every function with an `observer` option. */
  readonly observer: Observer
  /** Creates a span for each authentication. Pass it to `authentication` as `tracing`. */
  readonly tracing: RequestTracing
}

const shape: OptionsShape<OpenTelemetryOptions> = {
  tracer: must(
    'must be a Tracer of OpenTelemetry',
    (value) => typeof memberOf(value, 'startSpan') === 'function',
  ),
  meter: must(
    'must be a Meter of OpenTelemetry',
    (value) => typeof memberOf(value, 'createCounter') === 'function',
  ),
  endUserId: aFunction,
  endUserPseudoId: aFunction,
  clock: aClock,
}

/**
 * OpenTelemetry spans and metrics, through its API (`@opentelemetry/api`), which the app must install.
 *
 * A span `authenticate` covers one authentication, with these attributes:
 *
 * | attribute                  | value                                                                              |
 * | -------------------------- | ---------------------------------------------------------------------------------- |
 * | `kube_authn.outcome`       | `authenticated`, `noOpinion`, `rejected`, `unavailable`, or `canceled` if the client disconnected |
 * | `kube_authn.authenticator` | the name of the authenticator that authenticated the caller                        |
 * | `error.type`               | `unavailable`; the status of the span is an error then                             |
 * | `enduser.id`, `enduser.pseudo.id` | the results of the options of the same names; nothing by default            |
 *
 * A refused credential is not an error of the server, so the status stays unset. Spans contain neither credentials nor reasons of refusals.
 *
 * The metrics are those of `metrics()`, with the same names, labels and buckets.
 *
 * Source: OpenTelemetry semantic conventions 1.43, `enduser` and `error` attributes, recording errors.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const { observer, tracing } = openTelemetry()
 * app.use(authentication(authenticator, { observer, tracing }))
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetry {
  checkOptions(shape, options)
  const { tracer = trace.getTracer(NAME), clock = systemClock } = options
  const elapsedMs = elapsedTimeOf(options.clock)
  let count: Observer | undefined
  return {
    observer(event) {
      // Unlike tracers, meters of the global API do not pick up a provider that is set later.
      count ??= eventMetrics(otelInstruments(options.meter ?? metricsApi.getMeter(NAME), elapsedMs), clock)
      count(event)
    },
    tracing: requestSpans(tracer, options),
  }
}

const NAME = '@kube-authn/core'

/** Metrics as OpenTelemetry instruments: with the same names, and labels as attributes. */
function otelInstruments(meter: Meter, elapsedMs: () => number): Instruments {
  const counter =
    (create: 'createCounter' | 'createUpDownCounter') =>
    (name: string, description: string, label?: LabelValues): Counter => {
      const created = meter[create](name, { description })
      const attributes = attributesOf(label)
      return { add: (labelValues, amount = 1) => created.add(amount, attributes(labelValues)) }
    }
  return {
    counter: counter('createCounter'),
    upDownCounter: counter('createUpDownCounter'),
    gauge: (name, description, label) => {
      const gauge = meter.createGauge(name, { description })
      const attributes = attributesOf(label)
      return { set: (labelValues, value) => gauge.record(value, attributes(labelValues)) }
    },
    histogram: (name, description, buckets, label) => {
      // All histograms here are durations.
      const advice = { explicitBucketBoundaries: [...buckets] }
      const histogram = meter.createHistogram(name, { description, unit: 's', advice })
      const attributes = attributesOf(label)
      return { observe: (labelValues, value) => histogram.record(value, attributes(labelValues)) }
    },
    age: (name, description, label) => {
      const since = new Map<string, { readonly attributes: Attributes; readonly at: number }>()
      const attributes = attributesOf(label)
      meter.createObservableGauge(name, { description }).addCallback((result) => {
        for (const each of since.values()) result.observe(elapsedMs() / 1000 - each.at, each.attributes)
      })
      return {
        set(labelValues, seconds) {
          const at = elapsedMs() / 1000 - seconds
          since.set(String(labelValues), { attributes: attributes(labelValues), at })
        },
      }
    },
    latestInfo: (name, description, label) => {
      const latest = new Map<string, Attributes>()
      const attributes = attributesOf(label)
      // A synchronous gauge would keep reporting earlier labels forever.
      meter.createObservableGauge(name, { description }).addCallback((result) => {
        for (const each of latest.values()) result.observe(1, each)
      })
      return { set: (subject, labelValues) => void latest.set(subject, attributes(labelValues)) }
    },
  }
}

function attributesOf(label: LabelValues | undefined): (labelValues: LabelValues) => Attributes {
  const names = labelNames(label)
  return (labelValues) => labelsOf(names, labelValues)
}
