import { isObject } from '@kube-authn/core/internal'
import { patchFailed } from '../patch/patch-errors.ts'
import type { Field, ObjectType } from '../schema/object-type.ts'

/** What is known of a value by where it is. */
export type Slot = Pick<Field, 'type' | 'many' | 'isAtomic' | 'listKeys' | 'isSet'>

/** A part of a value that has an owner of its own. */
export interface Part {
  readonly value: unknown
  readonly slot: Slot
}

const LEAF: Slot = { type: 'string', isAtomic: true, listKeys: [], isSet: false }

/** The slot of an object of this type. */
export function slotOf(type: ObjectType): Slot {
  return { type, isAtomic: type.isAtomic, listKeys: [], isSet: false }
}

/**
 * The parts of a value, by their keys in `FieldsV1`; `undefined` if it has one owner. A list whose elements cannot be told apart has one owner.
 *
 * Source: structured-merge-diff `typed/tofieldset.go`; KEP-555.
 */
export function partsOf(value: unknown, slot: Slot): ReadonlyMap<string, Part> | undefined {
  const { type, many, isAtomic } = slot
  if (many === 'list') return Array.isArray(value) ? elementsOf(value, slot) : undefined
  if (isAtomic || !isObject(value)) return undefined
  if (many === 'map') {
    const inner = elementSlot(slot)
    return new Map(Object.entries(value).map(([key, each]) => [`f:${key}`, { value: each, slot: inner }]))
  }
  if (typeof type === 'string') return undefined
  return new Map(
    Object.entries(value).map(([name, each]) => [
      `f:${name}`,
      { value: each, slot: type.fields.get(name) ?? LEAF },
    ]),
  )
}

function elementsOf(list: readonly unknown[], slot: Slot): ReadonlyMap<string, Part> | undefined {
  const { listKeys, isSet } = slot
  if (!isSet && listKeys.length === 0) return undefined
  const parts = new Map<string, Part>()
  for (const value of list) {
    const key = isSet ? `v:${JSON.stringify(value)}` : keyOf(value, listKeys)
    if (key === undefined || parts.has(key)) return undefined
    parts.set(key, { value, slot: isSet ? LEAF : elementSlot(slot) })
  }
  return parts
}

function keyOf(element: unknown, listKeys: readonly string[]): string | undefined {
  if (!isObject(element)) return undefined
  const given = listKeys.filter((name) => Object.hasOwn(element, name))
  return given.length === 0
    ? undefined
    : `k:${JSON.stringify(Object.fromEntries(given.map((name) => [name, element[name]])))}`
}

/** @throws {StatusError} 422 if elements of a list that have owners cannot be told apart. */
export function requireKeys(value: unknown, slot: Slot): void {
  const parts = partsOf(value, slot)
  const isDivided = slot.isSet || slot.listKeys.length > 0
  if (parts === undefined && Array.isArray(value) && isDivided) {
    throw patchFailed(`the elements of a list must differ in: ${slot.listKeys.join(', ') || 'their values'}`)
  }
  for (const part of parts?.values() ?? []) requireKeys(part.value, part.slot)
}

function elementSlot({ type }: Slot): Slot {
  return typeof type === 'string' ? LEAF : slotOf(type)
}
