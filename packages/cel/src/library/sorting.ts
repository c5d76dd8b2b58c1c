import { fail, type Meter } from '../evaluate/evaluation.ts'
import { isOrdered, orderOf } from '../values/comparison.ts'
import { typeName } from '../values/runtime-type.ts'
import type { Opaque, Value } from '../values/value.ts'
import { type Declaration, method } from '../check/declarations.ts'
import type { Type } from '../check/types.ts'

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

/** `isGreaterThan`, `isLessThan` and `compareTo` of a type. */
export function orderMethods<T extends Opaque>(
  { name }: Type,
  order: (a: T, b: T) => number,
): readonly Declaration[] {
  return [
    method(`${name}.isGreaterThan(${name}): bool`, (a: T, b: T) => order(a, b) > 0),
    method(`${name}.isLessThan(${name}): bool`, (a: T, b: T) => order(a, b) < 0),
    method(`${name}.compareTo(${name}): int`, (a: T, b: T) => BigInt(order(a, b))),
  ]
}
