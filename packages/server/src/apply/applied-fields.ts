import { isObject } from '@kube-authn/core/internal'
import { isSameJson } from '../registry/json-values.ts'
import { type FieldSet, isEmptySet, NO_FIELDS } from './field-set.ts'
import { isDivided, isNamed, type Part, partsOf, type Slot, slotOfPart } from './parts.ts'

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
