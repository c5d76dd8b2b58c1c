import { BOOL, BYTES, DOUBLE, DURATION, INT, STRING, TIMESTAMP, type Type, UINT } from '../check/types.ts'
import { fail } from '../evaluate/failure.ts'
import type { Meter } from '../evaluate/meter.ts'
import { compared } from '../values/ordering.ts'
import { typeName } from '../values/runtime-type.ts'
import type { Value } from '../values/value.ts'

/** The types with an order. */
export const COMPARABLE_TYPES: readonly Type[] = [INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES]

/**
 * Sorts elements by their keys. It fails if the keys are of different types or have no order.
 *
 * Source: cel-go `ext/lists.go` (`sortListByAssociatedKeys`).
 */
export function sorted(elements: readonly Value[], keys: readonly Value[], meter: Meter): readonly Value[] {
  if (elements.length !== keys.length) {
    return fail(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${elements.length} and ${keys.length} elements respectively.`,
    )
  }
  meter.spend(elements.length)
  const [first] = keys
  if (first !== undefined && compared(first, first, meter) === undefined) {
    fail('list elements must be comparable')
  }
  const entries = elements.map((element, index) => ({ element, key: keys[index] ?? null }))
  return entries.toSorted((a, b) => orderOf(a.key, b.key, meter)).map(({ element }) => element)
}

function orderOf(a: Value, b: Value, meter: Meter): number {
  meter.spend(1)
  const order = typeName(a) === typeName(b) ? compared(a, b, meter) : undefined
  return order ?? fail('list elements must have the same type')
}
