import type { Attributes, Meter } from '@opentelemetry/api'
import {
  type Instruments,
  labelNames,
  labelsOf,
  type LabelValues,
  type MetricDescription,
} from '../instruments.ts'

/** Metrics as OpenTelemetry instruments: with the same names, and labels as attributes. */
export function otelInstruments(meter: Meter): Instruments {
  return {
    counter: ({ help: description, ...metric }) => {
      const counter = meter.createCounter(metric.name, { description })
      const attributes = attributesOf(metric)
      return { add: (labelValues, amount = 1) => counter.add(amount, attributes(labelValues)) }
    },
    upDownCounter: ({ help: description, ...metric }) => {
      const counter = meter.createUpDownCounter(metric.name, { description })
      const attributes = attributesOf(metric)
      return { add: (labelValues, amount = 1) => counter.add(amount, attributes(labelValues)) }
    },
    gauge: ({ help: description, ...metric }) => {
      const gauge = meter.createGauge(metric.name, { description })
      const attributes = attributesOf(metric)
      return { set: (labelValues, value) => gauge.record(value, attributes(labelValues)) }
    },
    histogram: ({ help: description, ...metric }, buckets) => {
      // All histograms here are durations.
      const advice = { explicitBucketBoundaries: [...buckets] }
      const histogram = meter.createHistogram(metric.name, { description, unit: 's', advice })
      const attributes = attributesOf(metric)
      return { observe: (labelValues, value) => histogram.record(value, attributes(labelValues)) }
    },
    latestInfo: ({ help: description, ...metric }) => {
      const latest = new Map<string, Attributes>()
      const attributes = attributesOf(metric)
      // A synchronous gauge would keep reporting earlier labels forever.
      meter.createObservableGauge(metric.name, { description }).addCallback((result) => {
        for (const each of latest.values()) result.observe(1, each)
      })
      return { set: (subject, labelValues) => void latest.set(subject, attributes(labelValues)) }
    },
  }
}

function attributesOf(metric: Pick<MetricDescription, 'label'>): (labelValues: LabelValues) => Attributes {
  const names = labelNames(metric)
  return (labelValues) => labelsOf(names, labelValues)
}
