import { fn, type Library } from '../check/declarations.ts'
import type { Meter } from '../evaluate/evaluation.ts'
import { isIn } from '../values/comparison.ts'
import type { Value } from '../values/value.ts'
import { sizeOf } from './costs.ts'

type List = readonly Value[]

/**
 * `sets.contains`, `sets.equivalent` and `sets.intersects`.
 *
 * Source: cel-go `ext/sets.go`, including the cost: every pair of elements.
 */
export function sets(meter: Meter): Library {
  const contains = (whole: List, part: List): boolean => part.every((element) => isIn(element, whole, meter))
  const equivalent = (a: List, b: List): boolean => contains(a, b) && contains(b, a)
  const intersects = (a: List, b: List): boolean => a.some((element) => isIn(element, b, meter))
  return {
    functions: [
      fn('sets.contains(list(T), list(T)): bool', contains, pairs(1)),
      fn('sets.equivalent(list(T), list(T)): bool', equivalent, pairs(2)),
      fn('sets.intersects(list(T), list(T)): bool', intersects, pairs(1)),
    ],
  }
}

function pairs(factor: number) {
  return ([one, other]: readonly Value[]): number => 1 + sizeOf(one) * sizeOf(other) * factor
}
