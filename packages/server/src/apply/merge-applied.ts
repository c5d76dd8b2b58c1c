import { isObject } from '@kube-authn/core/internal'
import { type FieldSet, NO_FIELDS } from './field-set.ts'
import { partsOf, type Slot } from './parts.ts'

/**
 * A value with what is applied to it: parts with owners of their own are merged, others replaced.
 *
 * Source: structured-merge-diff `typed/merge.go`.
 */
export function mergeApplied(live: unknown, applied: unknown, slot: Slot): unknown {
  const old = partsOf(live, slot)
  const parts = partsOf(applied, slot)
  if (old === undefined || parts === undefined) return applied
  const merged = new Map([...old].map(([key, { value }]) => [key, value] as const))
  for (const [key, part] of parts) {
    const before = old.get(key)
    merged.set(key, before === undefined ? part.value : mergeApplied(before.value, part.value, part.slot))
  }
  return assembled(live, merged)
}

/**
 * A value without fields that are given up.
 *
 * Source: structured-merge-diff `merge/update.go` prune.
 *
 * @param given the fields that may be removed.
 * @param kept the fields that stay. Neither do fields go that are in no set.
 * @returns `undefined` if nothing is left of the value.
 */
export function prune(value: unknown, slot: Slot, given: FieldSet, kept: FieldSet = NO_FIELDS): unknown {
  const parts = partsOf(value, slot)
  if (parts === undefined || given.parts.size === 0)
    return given.isMember && !kept.isMember ? undefined : value
  const left = new Map<string, unknown>()
  for (const [key, part] of parts) {
    const givenPart = given.parts.get(key)
    const keptPart = kept.parts.get(key)
    const isElement = key.startsWith('k:')
    if (givenPart === undefined) left.set(key, part.value)
    else if (!(isElement && givenPart.isMember && keptPart === undefined)) {
      const rest = prune(part.value, part.slot, givenPart, keptPart)
      if (rest !== undefined) left.set(key, rest)
    }
  }
  return left.size === 0 && kept.parts.size === 0 && !kept.isMember ? undefined : assembled(value, left)
}

/** A list or an object of these parts. */
function assembled(example: unknown, parts: ReadonlyMap<string, unknown>): unknown {
  if (!isObject(example)) return [...parts.values()]
  return Object.fromEntries([...parts].map(([key, value]) => [key.slice(2), value]))
}
