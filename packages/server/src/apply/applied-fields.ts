import { areEqualTrees, treeOf } from '../patch/json-tree.ts'
import { type FieldSet, isEmptySet, NO_FIELDS } from './field-set.ts'
import { partsOf, type Slot } from './parts.ts'

/** The fields that a value has. */
export function fieldsOf(value: unknown, slot: Slot): FieldSet {
  const parts = partsOf(value, slot)
  if (parts === undefined || parts.size === 0) return { isMember: true, parts: new Map() }
  const sets = [...parts].map(([key, part]) => [key, fieldsOfPart(key, part.value, part.slot)] as const)
  return { isMember: false, parts: new Map(sets) }
}

/** An element of a list is a field itself, besides its parts. */
function fieldsOfPart(key: string, value: unknown, slot: Slot): FieldSet {
  const fields = fieldsOf(value, slot)
  return key.startsWith('k:') ? { ...fields, isMember: true } : fields
}

/** What differs between two values. */
export interface Changes {
  /** Fields of the new value that the old one does not have, or has otherwise. */
  readonly changed: FieldSet
  /** Fields of the old value that the new one does not have. */
  readonly removed: FieldSet
}

/** What a change of a value changes. */
export function changesOf(before: unknown, after: unknown, slot: Slot): Changes {
  const old = partsOf(before, slot)
  const current = partsOf(after, slot)
  if (old === undefined || current === undefined) {
    if (areEqualTrees(treeOf(before), treeOf(after))) return { changed: NO_FIELDS, removed: NO_FIELDS }
    return { changed: fieldsOf(after, slot), removed: NO_FIELDS }
  }
  const changed = new Map<string, FieldSet>()
  const removed = new Map<string, FieldSet>()
  for (const [key, part] of current) {
    const previous = old.get(key)
    const inner =
      previous === undefined
        ? { changed: fieldsOfPart(key, part.value, part.slot), removed: NO_FIELDS }
        : changesOf(previous.value, part.value, part.slot)
    if (!isEmptySet(inner.changed)) changed.set(key, inner.changed)
    if (!isEmptySet(inner.removed)) removed.set(key, inner.removed)
  }
  for (const [key, part] of old) {
    if (!current.has(key)) removed.set(key, fieldsOfPart(key, part.value, part.slot))
  }
  return { changed: { isMember: false, parts: changed }, removed: { isMember: false, parts: removed } }
}
