import { type Library, method } from '../check/declarations.ts'
import { fail, type Meter, noSuchOverload } from '../evaluate/evaluation.ts'
import { calculated } from '../values/arithmetic.ts'
import { isEqual, isOrdered, orderOf } from '../values/comparison.ts'
import { Duration, Uint, type Value } from '../values/value.ts'
import { elementsCost } from './costs.ts'
import { COMPARABLE_TYPES } from './sorting.ts'

type List = readonly Value[]

/**
 * The list functions of Kubernetes: `isSorted`, `sum`, `min`, `max`, `indexOf` and `lastIndexOf`.
 *
 * Source: apiserver `pkg/cel/library/lists.go`.
 */
export function lists(meter: Meter): Library {
  // As in Kubernetes, values of different types, and NaN, are neither before nor after each other.
  const order = (a: Value, b: Value): number => {
    meter.spend(0.5)
    return orderOf(a, b, meter) ?? 0
  }
  const isSorted = (list: List): boolean =>
    list.map(requireOrder).every((each, index) => {
      const before = list[index - 1]
      return before === undefined || order(before, each) <= 0
    })
  const extreme =
    (name: 'min' | 'max') =>
    (list: List): Value => {
      const sign = name === 'min' ? 1 : -1
      if (list.length === 0) return fail(`${name} called on empty list`)
      return list.map(requireOrder).reduce((best, each) => (order(best, each) * sign > 0 ? each : best))
    }
  const sum =
    (zero: Value) =>
    (list: List): Value =>
      list.reduce((total, each) => {
        meter.spend(0.5)
        return calculated('+', total, each, meter) ?? noSuchOverload()
      }, zero)
  const place =
    (find: (list: List, isWanted: (each: Value) => boolean) => number) =>
    (list: List, element: Value): bigint => {
      meter.spend(list.length / 8)
      return BigInt(find(list, (each) => isEqual(each, element, meter)))
    }
  return {
    functions: [
      ...COMPARABLE_TYPES.flatMap((type) => [
        method(`list(${type}).isSorted(): bool`, isSorted, elementsCost),
        method(`list(${type}).min(): ${type}`, extreme('min'), elementsCost),
        method(`list(${type}).max(): ${type}`, extreme('max'), elementsCost),
      ]),
      ...ZEROS.map(([type, zero]) => method(`list(${type}).sum(): ${type}`, sum(zero), elementsCost)),
      method(
        'list(A).indexOf(A): int',
        place((list, isWanted) => list.findIndex(isWanted)),
        elementsCost,
      ),
      method(
        'list(A).lastIndexOf(A): int',
        place((list, isWanted) => list.findLastIndex(isWanted)),
        elementsCost,
      ),
    ],
  }
}

function requireOrder(value: Value): Value {
  return isOrdered(value) ? value : noSuchOverload()
}

const ZEROS: readonly (readonly [type: string, zero: Value])[] = [
  ['int', 0n],
  ['uint', new Uint(0n)],
  ['double', 0],
  ['duration', new Duration(0n)],
]
