import { fail } from '../evaluate/failure.ts'
import type { Meter } from '../evaluate/evaluation.ts'
import { isOrdered, orderOf } from '../values/ordering.ts'
import { typeName } from '../values/runtime-type.ts'
import type { Value } from '../values/value.ts'

export const COMPARABLE_TYPES: readonly string[] =
  'int uint double bool duration timestamp string bytes'.split(' ')

/**
 * Sorts elements by their keys. Those with equal keys keep their order. It fails if the keys are of different types or have no order.
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
  if (first === undefined) return elements
  if (!isOrdered(first)) fail('list elements must be comparable')
  const type = typeName(first)
  const requireSame = (key: Value): Value =>
    typeName(key) === type ? key : fail('list elements must have the same type')
  const entries = elements.map((element, index) => ({ element, key: requireSame(keys[index] ?? null) }))
  return entries
    .toSorted((a, b) => {
      meter.spend(1)
      // As in cel-go, `NaN` is neither before nor after a number.
      return orderOf(a.key, b.key, meter) ?? 0
    })
    .map(({ element }) => element)
}
