import { withNamedFields, fieldsOf } from './applied-fields.ts'
import { difference, type FieldSet, intersection, union } from './field-set.ts'
import { partsOf, type Slot } from './parts.ts'

/**
 * A value without what a manager gives up.
 *
 * Source: structured-merge-diff `merge/update.go` prune.
 *
 * @param last the fields that the manager had before.
 * @param claimed those that it and all others have now: they stay.
 */
export function prune(value: unknown, slot: Slot, last: FieldSet, claimed: FieldSet): unknown {
  const named = (set: FieldSet): FieldSet => withNamedFields(set, slot)
  const all = named(fieldsOf(value, slot))
  const without = named(fieldsOf(removeFields(value, slot, named(last)), slot))
  const owned = removeFields(value, slot, difference(all, union(without, named(claimed))))
  const gone = difference(all, named(fieldsOf(owned, slot)))
  // What nothing owns stays unless it is itself what was given up.
  return removeFields(value, slot, intersection(gone, named(last)))
}

/**
 * A value without these fields. A map or a list of which nothing is left is `null`.
 *
 * Source: structured-merge-diff `typed/remove.go`.
 */
function removeFields(value: unknown, slot: Slot, fields: FieldSet): unknown {
  const parts = partsOf(value, slot)
  if (parts === undefined || parts.size === 0 || fields.parts.size === 0) return value
  const left: [string, unknown][] = []
  for (const [key, part] of parts) {
    const inner = fields.parts.get(key)
    if (inner === undefined) left.push([key.slice(2), part.value])
    else if (!inner.isMember) left.push([key.slice(2), removeFields(part.value, part.slot, inner)])
  }
  if (left.length === 0) return null
  return slot.many === 'list' ? left.map(([, each]) => each) : Object.fromEntries(left)
}
