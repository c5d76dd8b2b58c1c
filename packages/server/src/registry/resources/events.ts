import { type ErrorList, fieldPath, isObject } from '@kube-authn/core/internal'
import { pathSegmentProblems, qualifiedNameProblems } from '@kube-authn/internal/kubernetes-names'
import { readFields } from '../../schema/read-typed.ts'
import { type KubeObject, numberIn, type Part, partIn, stringIn } from '../kube-object.ts'
import { type Column, named, type Resource } from '../resource.ts'
import { ageOf, column, NAME, wide } from './columns.ts'

/** Source: kubernetes `pkg/printers/internalversion/printers.go` eventColumnDefinitions, printEvent. */
const EVENT_COLUMNS: readonly Column[] = [
  column('Last Seen', lastSeen),
  column('Type', (event) => stringIn(event, 'type')),
  column('Reason', (event) => stringIn(event, 'reason')),
  column('Object', objectOf),
  wide('Subobject', (event) => stringIn(partIn(event, 'involvedObject'), 'fieldPath')),
  wide('Source', sourceOf),
  column('Message', (event) => stringIn(event, 'message').trim()),
  wide('First Seen', firstSeen),
  wide('Count', countOf),
  { ...NAME, priority: 1 },
]

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

/** The default of `--event-ttl`. */
const LIFETIME_MS = 3_600_000
const MAX_CHARACTERS = 128
const MAX_MESSAGE_CHARACTERS = 1024

/**
 * Events, which clients write about other objects. They are gone an hour after their last change.
 *
 * Source: kubernetes `pkg/registry/core/event/strategy.go`, `pkg/apis/core/validation/events.go` legacyValidateEvent.
 *
 * Deviation: they are in the core group only, and live for an hour (`docs/deviations.md`, events of objects).
 */
export const events: Resource = {
  ...named('Event', { shortNames: ['ev'], nameProblems: pathSegmentProblems }),
  isCreatedByUpdate: true,
  lifetime: () => ({ ttlMs: LIFETIME_MS }),
  read: (object, errors) => ({
    ...ALWAYS_WRITTEN,
    ...present(readFields(object, 'Event', errors, () => true)),
  }),
  validate(event, errors) {
    validateNamespace(event, errors)
    if (stringIn(event, 'eventTime') !== '') validateNewEvent(event, errors)
  },
  selectableFields: {
    ...Object.fromEntries(
      ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) => [
        `involvedObject.${field}`,
        (event: KubeObject) => stringIn(partIn(event, 'involvedObject'), field),
      ]),
    ),
    reason: (event) => stringIn(event, 'reason'),
    reportingComponent: (event) => stringIn(event, 'reportingComponent'),
    source: (event) =>
      stringIn(partIn(event, 'source'), 'component') || stringIn(event, 'reportingComponent'),
    type: (event) => stringIn(event, 'type'),
  },
  columns: EVENT_COLUMNS,
}

/** The fields that an event has even when they are empty. */
const ALWAYS_WRITTEN: Part = {
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  eventTime: null,
  reportingComponent: '',
  reportingInstance: '',
}

function present(fields: Part): Part {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  )
}

function validateNamespace(event: KubeObject, errors: ErrorList): void {
  const { namespace = '' } = event.metadata
  const involved = stringIn(partIn(event, 'involvedObject'), 'namespace')
  const isNew = stringIn(event, 'eventTime') !== ''
  const isForCluster = namespace === 'default' || (isNew && namespace === 'kube-system')
  if (involved === '' ? isForCluster : isNew || involved === namespace) return
  errors.invalid(fieldPath('involvedObject').child('namespace'), involved, 'does not match event.namespace')
}

/** What newer clients have to say, which write `eventTime`. */
function validateNewEvent(event: KubeObject, errors: ErrorList): void {
  const component = stringIn(event, 'reportingComponent')
  const path = fieldPath('reportingComponent')
  if (component === '') errors.required(path)
  else for (const problem of qualifiedNameProblems(component)) errors.invalid(path, component, problem)
  for (const field of ['reportingInstance', 'action', 'reason']) {
    const value = stringIn(event, field)
    if (value === '') errors.required(fieldPath(field))
    requireShort(event, field, MAX_CHARACTERS, errors)
  }
  requireShort(event, 'message', MAX_MESSAGE_CHARACTERS, errors)
}

function requireShort(event: KubeObject, field: string, max: number, errors: ErrorList): void {
  const value = stringIn(event, field)
  if (new TextEncoder().encode(value).length <= max) return
  errors.invalid(fieldPath(field), '', `can have at most ${max} characters`)
}
