import {
  isDeeperThan,
  type KubeObject,
  type ManagedFieldsEntry,
  MAX_DEPTH,
  partIn,
} from '../registry/kube-object.ts'
import { apiVersionOf, type Fields, type Resource, subresourceOf } from '../registry/resource.ts'
import { objectTypeOf } from '../schema/object-types.ts'
import { type Changes, changesOf, fieldsOf, isDivided, type Slot, slotOf } from './parts.ts'
import {
  areSameSets,
  difference,
  type FieldSet,
  fromFieldsV1,
  isEmptySet,
  NO_FIELDS,
  toFieldsV1,
  union,
} from './field-set.ts'
import { isObject } from '@kube-authn/core/internal'

/** Who writes an object, as the owner of fields. */
export interface Manager {
  readonly name: string
  readonly operation: 'Apply' | 'Update'
  /** `''`: the object itself. */
  readonly subresource: string
  /** In the form of RFC 3339. */
  readonly time: string
}

/** Who owned everything before something was applied for the first time, as in Kubernetes. */
const BEFORE_FIRST_APPLY = 'before-first-apply'

export function slotOfResource({ kind }: Resource): Slot {
  return slotOf(objectTypeOf(kind) ?? 'string')
}

/** The fields of an object that can have owners: not its name, and not what the server sets. */
export function ownable(value: Fields): Fields {
  const { apiVersion: _version, kind: _kind, metadata, ...fields } = value
  const { labels, annotations, finalizers, ownerReferences } = Object(metadata) as Fields
  const marks = Object.entries({ labels, annotations, finalizers, ownerReferences })
  const given = Object.fromEntries(marks.filter(([, each]) => each !== undefined))
  return { ...(Object.keys(given).length > 0 && { metadata: given }), ...fields }
}

/** Without the status of an object that has a path for it; at that path, only the status. */
export function writable(resource: Resource, subresource: string, fields: Fields): Fields {
  const { status, ...others } = fields
  if (subresource !== '') return status === undefined ? {} : { status }
  return subresourceOf(resource, 'status') === undefined ? fields : others
}

/** The owners of an object before something is applied. */
export function ownersOf(
  resource: Resource,
  object: KubeObject,
  time: string,
): readonly ManagedFieldsEntry[] {
  const { managedFields } = object.metadata
  if (managedFields !== undefined) return managedFields
  const first: Manager = { name: BEFORE_FIRST_APPLY, operation: 'Update', subresource: '', time }
  return owning(resource, [], first, changesOfObject(resource, {}, ownable(object)).changed)
}

/**
 * What changes between the fields of two objects that can have owners. Fields such as `spec` are always there, since they are no pointers in Go:
 * who writes the first field in one does not own it.
 */
export function changesOfObject(resource: Resource, before: Fields, after: Fields): Changes {
  const slot = slotOfResource(resource)
  const fields = typeof slot.type === 'string' ? [] : [...slot.type.fields.values()]
  const parts = fields.filter((each) => isDivided(each) && each.many === undefined && !each.isNullable)
  const none = Object.fromEntries(parts.map(({ name }) => [name, {}]))
  return changesOf({ ...none, ...before }, { ...none, ...after }, slot)
}

export function fieldsOfConfiguration(resource: Resource, configuration: Fields): FieldSet {
  const { parts } = fieldsOf(configuration, slotOfResource(resource))
  const metadata = parts.get(METADATA)
  if (metadata?.isMember !== true) return { isMember: false, parts }
  return { isMember: false, parts: new Map([...parts].filter(([key]) => key !== METADATA)) }
}

/** An empty one has no owner. */
const METADATA = 'f:metadata'

export function fieldsOfOwner({ fieldsV1 }: ManagedFieldsEntry): FieldSet {
  return fromFieldsV1(fieldsV1)
}

export function isOf(entry: ManagedFieldsEntry, { name, operation, subresource }: Manager): boolean {
  return entry.manager === name && entry.operation === operation && (entry.subresource ?? '') === subresource
}

/** The owners, after a manager has got these fields and no others. Its time is that of the last change of its fields. */
export function owning(
  resource: Resource,
  owners: readonly ManagedFieldsEntry[],
  manager: Manager,
  fields: FieldSet,
): readonly ManagedFieldsEntry[] {
  const own = owners.find((entry) => isOf(entry, manager))
  if (own === undefined ? isEmptySet(fields) : areSameSets(fieldsOfOwner(own), fields)) return owners
  const { name, operation, subresource, time } = manager
  const entry: ManagedFieldsEntry = {
    manager: name,
    operation,
    apiVersion: apiVersionOf(resource),
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(fields),
    ...(subresource !== '' && { subresource }),
  }
  if (own === undefined) return [...owners, entry]
  return isEmptySet(fields)
    ? owners.filter((each) => each !== own)
    : owners.map((each) => (each === own ? entry : each))
}

/** The owners, after all but this manager have lost these fields. */
export function losing(
  owners: readonly ManagedFieldsEntry[],
  fields: FieldSet,
  manager: Manager,
): readonly ManagedFieldsEntry[] {
  return owners.flatMap((entry) => {
    if (isOf(entry, manager)) return [entry]
    const before = fieldsOfOwner(entry)
    const left = difference(before, fields)
    if (isEmptySet(left)) return []
    return areSameSets(before, left) ? [entry] : [{ ...entry, fieldsV1: toFieldsV1(left) }]
  })
}

/**
 * The owners after an object was written other than by an apply: what was changed belongs to who changed it. They are known once something was
 * applied to the object.
 *
 * Source: apimachinery `pkg/util/managedfields`; structured-merge-diff `merge/update.go` Update.
 *
 * Deviation: objects to which nothing was applied have no owners (`docs/deviations.md`, owners of fields).
 */
export function ownersAfterUpdate(
  resource: Resource,
  old: KubeObject,
  object: KubeObject,
  manager: Manager,
): readonly ManagedFieldsEntry[] | undefined {
  const owners = old.metadata.managedFields
  if (owners === undefined) return undefined
  const { changed, removed } = changesOfObject(resource, ownable(old), ownable(object))
  const own = owners.find((entry) => isOf(entry, manager))
  const kept = own === undefined ? NO_FIELDS : difference(fieldsOfOwner(own), removed)
  const left = losing(owners, union(changed, removed), manager)
  return capped(owning(resource, left, manager, union(kept, changed)))
}

/** How many owners there are of fields that were not applied: an object must not grow with the number of those who write it. */
const MAX_UPDATE_OWNERS = 10
/** Who owns the fields of the oldest of too many owners, as in Kubernetes. */
const ANCIENT = 'ancient-changes'

/** Source: apimachinery `pkg/util/managedfields/internal/capmanagers.go`. */
function capped(owners: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
  const updating = owners.filter(({ operation }) => operation === 'Update')
  const surplus = updating.length - MAX_UPDATE_OWNERS
  if (surplus <= 0) return owners
  const oldest = updating.toSorted((a, b) => ageOrder(a, b)).slice(0, surplus + 1)
  const [first] = oldest
  const latest = oldest.at(-1)
  if (first === undefined || latest === undefined) return owners
  const { subresource: _, ...fields } = first
  const merged = {
    ...fields,
    manager: ANCIENT,
    time: latest.time,
    fieldsV1: toFieldsV1(union(...oldest.map(fieldsOfOwner))),
  }
  const gone = new Set(oldest)
  return [merged, ...owners.filter((each) => !gone.has(each))]
}

/** What is merged already counts as the oldest. */
function ageOrder(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  const timeOf = ({ manager, time }: ManagedFieldsEntry): string => (manager === ANCIENT ? '' : time)
  return timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0
}

/** Where `kubectl apply` keeps what it has applied. */
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'
/** The only manager that takes over from it. */
const KUBECTL = 'kubectl'
/** Annotations of an object together, in bytes. */
const MAX_ANNOTATIONS_BYTES = 262_144

/**
 * The fields that `kubectl apply` has written as they are: `kubectl apply --server-side` takes them over without a conflict.
 *
 * Source: apimachinery `pkg/util/managedfields/internal/lastappliedmanager.go`.
 */
export function fieldsOfLastApplied(resource: Resource, live: KubeObject, manager: string): FieldSet {
  const applied = manager === KUBECTL ? parsed(live.metadata.annotations?.[ANNOTATION]) : undefined
  if (applied === undefined || applied['apiVersion'] !== apiVersionOf(resource)) return NO_FIELDS
  const wanted = ownable(applied)
  const { changed, removed } = changesOfObject(resource, wanted, ownable(live))
  return difference(fieldsOfConfiguration(resource, wanted), union(changed, removed))
}

/**
 * The object with the annotation of `kubectl apply` as if that had applied the configuration: who goes back to it finds the present one.
 *
 * Source: apimachinery `pkg/util/managedfields/internal/lastappliedupdater.go`.
 */
export function withLastApplied(value: Fields, configuration: Fields, manager: string): Fields {
  const { metadata } = value
  if (manager !== KUBECTL || !isObject(metadata)) return value
  const { annotations } = metadata
  if (!isObject(annotations) || (annotations[ANNOTATION] ?? '') === '') return value
  const { [ANNOTATION]: _, ...others } = annotations
  const current = { ...others, [ANNOTATION]: lastApplied(configuration) }
  return { ...value, metadata: { ...metadata, annotations: isTooLarge(current) ? others : current } }
}

function lastApplied(configuration: Fields): string {
  const { metadata: _, ...fields } = configuration
  const { annotations: _annotations, ...marks } = partIn(configuration, 'metadata')
  const { [ANNOTATION]: _last, ...others } = partIn(partIn(configuration, 'metadata'), 'annotations')
  const kept = { ...marks, ...(Object.keys(others).length > 0 && { annotations: others }) }
  return `${JSON.stringify({ ...fields, metadata: kept })}\n`
}

function isTooLarge(annotations: Fields): boolean {
  const texts = Object.entries(annotations).flat().map(String)
  return UTF8.encode(texts.join('')).length > MAX_ANNOTATIONS_BYTES
}

const UTF8 = new TextEncoder()

/** `undefined` if it is not an object, or too deep for one. Any user may have written it. */
function parsed(annotation: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(annotation ?? '')
    return isObject(value) && !isDeeperThan(value, MAX_DEPTH) ? value : undefined
  } catch {
    return undefined
  }
}
