import { isObject } from '@kube-authn/core/internal'
import type { Field } from '@kube-authn/api/internal'

/** What is known of a value by where it is. */
export type Slot = Pick<Field, 'type' | 'many' | 'isAtomic' | 'listKeys' | 'isSet'>

/** A part of a value that has an owner of its own. */
export interface Part {
  readonly value: unknown
  readonly slot: Slot
}

/** Keys of list elements that need not be written. Source: kubernetes `pkg/apis/core/v1/defaults.go`. */
const DEFAULT_KEYS: ReadonlyMap<string, unknown> = new Map([['protocol', 'TCP']])

/** The slot of a single value of this type. */
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
