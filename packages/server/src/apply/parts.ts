import { isObject } from '@kube-authn/core/internal'
import type { Field } from '@kube-authn/api/internal'
import { isSameJson } from '../registry/kube-object.ts'
import { type FieldSet, isEmptySet, NO_FIELDS } from './field-set.ts'

/** What is known of a value by where it is. */
export type Slot = Pick<Field, 'type' | 'many' | 'isAtomic' | 'listKeys' | 'isSet'>

/** A part of a value that has an owner of its own. */
export interface Part {
  readonly value: unknown
  readonly slot: Slot
}

/** Keys of list elements that need not be written. Source: kubernetes `pkg/apis/core/v1/defaults.go`. */
const DEFAULT_KEYS: ReadonlyMap<string, unknown> = new Map([['protocol', 'TCP']])

export function slotOf(type: Slot['type']): Slot {
  return { type, isAtomic: false, listKeys: [], isSet: false }
}

/** Whether values have parts. A list whose elements cannot be told apart has none. */
export function isDivided({ type, many, isAtomic, listKeys, isSet }: Slot): boolean {
  if (many === 'list') return isSet || listKeys.length > 0
  if (isAtomic) return false
  return many === 'map' || (typeof type !== 'string' && !type.isAtomic)
}

/**
 * The parts of a value, by their keys in `FieldsV1`; none if it is `undefined` or `null`; `undefined` if it has one owner.
 *
 * Source: structured-merge-diff `typed/tofieldset.go`; KEP-555.
 */
export function partsOf(value: unknown, slot: Slot): ReadonlyMap<string, Part> | undefined {
  if (!isDivided(slot)) return undefined
  if (value === undefined || value === null) return new Map()
  if (slot.many === 'list') return Array.isArray(value) ? elementsOf(value, slot) : undefined
  if (!isObject(value)) return undefined
  const parts = Object.entries(value).map(
    ([name, each]) => [`f:${name}`, each, slotOfPart(slot, name)] as const,
  )
  return new Map(parts.map(([key, each, inner]) => [key, { value: each, slot: inner }]))
}

/** Whether a part is a field of the type, and not an entry of a map or an element of a list. */
export function isNamed({ type, many }: Slot, key: string): boolean {
  return many === undefined && typeof type !== 'string' && type.fields.has(key.slice(2))
}

/** The slot of an entry of a map or an element of a list; otherwise of the field of this name. */
export function slotOfPart({ type, many }: Slot, name: string): Slot {
  const field = many === undefined && typeof type !== 'string' ? type.fields.get(name) : undefined
  return field ?? slotOf(many === undefined ? 'string' : type)
}

function elementsOf(list: readonly unknown[], slot: Slot): ReadonlyMap<string, Part> | undefined {
  const parts = new Map<string, Part>()
  for (const value of list) {
    const key = keyOf(value, slot)
    if (key === undefined || parts.has(key)) return undefined
    parts.set(key, { value, slot: slotOfPart(slot, '') })
  }
  return parts
}

/** The key of an element; `undefined` if it lacks a member that tells it from others. */
export function keyOf(element: unknown, { listKeys, isSet }: Slot): string | undefined {
  if (isSet) return `v:${JSON.stringify(element)}`
  if (!isObject(element)) return undefined
  const given = listKeys
    .toSorted()
    .map((name) => [name, Object.hasOwn(element, name) ? element[name] : DEFAULT_KEYS.get(name)] as const)
  return given.some(([, value]) => value === undefined)
    ? undefined
    : `k:${JSON.stringify(Object.fromEntries(given))}`
}

const MEMBER: FieldSet = { isMember: true, parts: new Map() }

/**
 * The fields that a value has: its leaves, entries of maps and elements of lists. A map or an object is a field itself only if it is empty.
 *
 * Source: structured-merge-diff `typed/tofieldset.go`.
 */
export function fieldsOf(value: unknown, slot: Slot): FieldSet {
  const parts = partsOf(value, slot)
  if (parts === undefined) return MEMBER
  const sets = [...parts].map(([key, part]) => {
    const fields = fieldsOf(part.value, part.slot)
    return [key, isField(key, part, slot) ? { ...fields, isMember: true } : fields] as const
  })
  return { isMember: false, parts: new Map(sets.filter(([, set]) => !isEmptySet(set))) }
}

function isField(key: string, { value }: Part, within: Slot): boolean {
  const isEmptyMap = isObject(value) && Object.keys(value).length === 0
  return value === null || isEmptyMap || !isNamed(within, key)
}

/** What differs between two values. */
export interface Changes {
  /** Fields of the new value that the old one does not have, or has otherwise. */
  readonly changed: FieldSet
  /** Fields of the old value that the new one does not have. */
  readonly removed: FieldSet
}

const UNCHANGED: Changes = { changed: NO_FIELDS, removed: NO_FIELDS }

/**
 * What a change of a value changes.
 *
 * Source: structured-merge-diff `typed/compare.go`.
 *
 * @param before `undefined` if there was none; likewise `after`.
 */
export function changesOf(before: unknown, after: unknown, slot: Slot): Changes {
  const old = partsOf(before, slot)
  const current = partsOf(after, slot)
  if (old === undefined || current === undefined || (old.size === 0 && current.size === 0)) {
    if (after === undefined) return { changed: NO_FIELDS, removed: MEMBER }
    const isSame = before !== undefined && isSameJson(before, after)
    return isSame ? UNCHANGED : { changed: MEMBER, removed: NO_FIELDS }
  }
  const changed = new Map<string, FieldSet>()
  const removed = new Map<string, FieldSet>()
  for (const key of new Set([...old.keys(), ...current.keys()])) {
    const [one, other] = [old.get(key), current.get(key)]
    const inner = changesOf(one?.value, other?.value, (one ?? other)?.slot ?? slot)
    if (!isEmptySet(inner.changed)) changed.set(key, inner.changed)
    if (!isEmptySet(inner.removed)) removed.set(key, inner.removed)
  }
  return {
    changed: { isMember: before === undefined, parts: changed },
    removed: { isMember: after === undefined, parts: removed },
  }
}

/**
 * The set with the fields of types on the way to its fields: who owns `spec.replicas` owns `spec`, but who owns an entry of a map does not own the map.
 *
 * Source: structured-merge-diff `fieldpath/set.go` EnsureNamedFieldsAreMembers.
 */
export function withNamedFields({ isMember, parts }: FieldSet, slot: Slot): FieldSet {
  if (!isDivided(slot)) return { isMember, parts }
  const named = [...parts].map(([key, part]) => {
    const inner = withNamedFields(part, slotOfPart(slot, key.slice(2)))
    return [key, isNamed(slot, key) ? { ...inner, isMember: true } : inner] as const
  })
  return { isMember, parts: new Map(named) }
}
