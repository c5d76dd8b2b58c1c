import type { Declarations } from '@kube-authn/api/internal'

/** Events. Source: api `core/v1` of Kubernetes 1.36. */
export const EVENT_TYPES: Declarations = {
  in: 'io.k8s.api.core.v1',
  types: `
Event
  metadata 1 ObjectMeta!, involvedObject 2 ObjectReference!, reason 3 string, message 4 string,
  source 5 EventSource, firstTimestamp 6 Time, lastTimestamp 7 Time, count 8 int32, type 9 string,
  eventTime 10 MicroTime, series 11 EventSeries, action 12 string, related 13 ObjectReference,
  reportingComponent 14 string, reportingInstance 15 string
EventSource
  component 1 string, host 2 string
EventSeries
  count 1 int32, lastObservedTime 2 MicroTime
`,
}
