import { isObject } from '@kube-authn/core/internal'
import type { KubeObject } from '../kube-object.ts'
import type { Column } from '../resource.ts'
import { ageOf, NAME } from './columns.ts'
import { numberIn, partIn, stringIn } from './field-values.ts'

/** Source: kubernetes `pkg/printers/internalversion/printers.go` eventColumnDefinitions, printEvent. */
export const EVENT_COLUMNS: readonly Column[] = [
  { name: 'Last Seen', type: 'string', cell: lastSeen },
  { name: 'Type', type: 'string', cell: (event) => stringIn(event, 'type') },
  { name: 'Reason', type: 'string', cell: (event) => stringIn(event, 'reason') },
  { name: 'Object', type: 'string', cell: objectOf },
  wide('Subobject', (event) => stringIn(partIn(event, 'involvedObject'), 'fieldPath')),
  wide('Source', sourceOf),
  { name: 'Message', type: 'string', cell: (event) => stringIn(event, 'message').trim() },
  wide('First Seen', firstSeen),
  wide('Count', countOf),
  { ...NAME, priority: 1 },
]

function wide(name: string, cell: Column['cell']): Column {
  return { name, type: 'string', priority: 1, cell }
}

function firstSeen(event: KubeObject, nowMs: number): string {
  return ageOf(stringIn(event, 'firstTimestamp') || stringIn(event, 'eventTime'), nowMs)
}

function lastSeen(event: KubeObject, nowMs: number): string {
  const last = isObject(event['series'])
    ? stringIn(partIn(event, 'series'), 'lastObservedTime')
    : stringIn(event, 'lastTimestamp')
  return last === '' ? firstSeen(event, nowMs) : ageOf(last, nowMs)
}

function countOf(event: KubeObject): number {
  const holder = isObject(event['series']) ? partIn(event, 'series') : event
  return numberIn(holder, 'count') || 1
}

function objectOf(event: KubeObject): string {
  const involved = partIn(event, 'involvedObject')
  const [kind, name] = [stringIn(involved, 'kind').toLowerCase(), stringIn(involved, 'name')]
  return kind === '' ? name : `${kind}/${name}`
}

function sourceOf(event: KubeObject): string {
  const source = partIn(event, 'source')
  const component = stringIn(source, 'component') || stringIn(event, 'reportingComponent')
  const host = stringIn(source, 'host') || stringIn(event, 'reportingInstance')
  return host === '' ? component : `${component}, ${host}`
}
