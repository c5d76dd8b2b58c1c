import type { KubernetesVersion } from '../kubernetes/cel.ts'
import { fn, type Implementation, type Library, method, shared } from '../check/declarations.ts'
import { abort, fail, type Meter, noSuchOverload } from '../evaluate/evaluation.ts'
import { calculated } from '../values/arithmetic.ts'
import { isEqual, isIn, isOrdered, orderOf } from '../values/comparison.ts'
import { Duration, isList, Uint, type Value } from '../values/value.ts'
import { elementsCost, LIST_COST, listCost, selfComparison, sizeOf } from './costs.ts'
import { COMPARABLE_TYPES, sorted } from './sorting.ts'
import { isReceiver, typeName } from '../values/runtime-type.ts'
import { indexed } from '../values/map.ts'

type List = readonly Value[]

/**
 * The list functions of Kubernetes: `isSorted`, `sum`, `min`, `max`, `indexOf`, `lastIndexOf`, and `includes` since 1.37.
 *
 * Source: apiserver `pkg/cel/library/lists.go`.
 */
export function lists(meter: Meter, version: KubernetesVersion): Library {
  // As in Kubernetes, values of different types, and NaN, are neither before nor after each other.
  const order = (a: Value, b: Value): number => {
    meter.spend(0.5)
    return orderOf(a, b, meter) ?? 0
  }
  const isSorted = (list: List): boolean =>
    list.every((each, index) => {
      const [before, after] = [list[index - 1], requireOrder(each)]
      return before === undefined || order(before, after) <= 0
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
    (find: 'findIndex' | 'findLastIndex') =>
    (list: List, element: Value): bigint => {
      meter.spend(list.length / 8)
      return BigInt(list[find]((each) => isEqual(each, element, meter)))
    }
  const includes = (target: Value, element: Value): boolean => {
    if (!isList(target)) return isEqual(target, element, meter)
    meter.spend(target.length / 8)
    return target.some((each) => isEqual(each, element, meter))
  }
  return {
    functions: [
      ...COMPARABLE_TYPES.flatMap((type) => [
        method(`list(${type}).isSorted(): bool`, isSorted, elementsCost),
        method(`list(${type}).min(): ${type}`, extreme('min'), elementsCost),
        method(`list(${type}).max(): ${type}`, extreme('max'), elementsCost),
      ]),
      ...ZEROS.map(([type, zero]) => method(`list(${type}).sum(): ${type}`, sum(zero), elementsCost)),
      method('list(A).indexOf(A): int', place('findIndex'), elementsCost),
      method('list(A).lastIndexOf(A): int', place('findLastIndex'), elementsCost),
      ...(version < '1.37' ? [] : [method('dyn.includes(dyn): bool', includes, elementsCost)]),
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

/**
 * The list functions of cel-go: `slice`, `flatten`, `sort`, `sortBy`, `reverse`, `distinct` and `lists.range`.
 *
 * Source: cel-go `ext/lists.go`, version 3.
 */
export function listExtensions(meter: Meter, { isStrict }: { readonly isStrict: boolean }): Library {
  // In cel-go the cost can only be told for a list: for any other value, or an error, the evaluation as a whole fails.
  const comparisonCost = (list: Value = null): number =>
    isStrict || isList(list) ? selfComparison(list) : abort('a list was expected')
  const flattenCost = ([list, depth]: readonly Value[]): number => {
    if (!isStrict && depth !== undefined && typeof depth !== 'bigint') abort('an integer was expected')
    const elements = sizeOf(list) * (typeof depth === 'bigint' ? Number(depth) : 1)
    // As Go counts: a negative depth is a huge one, and the sum wraps around.
    const isTooLarge = elements >= 2 ** 64 || elements < -(2 ** 63)
    const counted = isTooLarge ? 2n ** 63n : BigInt.asUintN(64, BigInt(elements))
    return Number(BigInt.asUintN(64, BigInt(1 + LIST_COST) + counted))
  }
  // The elements may be of any type.
  const flatten: Implementation = (list = null, depth) => {
    if (!isList(list) || (depth !== undefined && typeof depth !== 'bigint')) {
      return noSuchOverload(`${typeName(list)}.flatten(${depth === undefined ? '' : typeName(depth)})`)
    }
    const levels = depth ?? 1n
    return levels < 0n ? fail('level must be non-negative') : copied(flat(list, Number(levels), meter))
  }
  const copied = (list: List): List => {
    meter.spend(list.length / 2)
    return list
  }
  const numbersUpTo = (count: bigint): List => {
    meter.spend(Number(count))
    return Array.from({ length: Math.max(0, Number(count)) }, (_, index) => BigInt(index))
  }
  const slice = (list: List, start: bigint, end: bigint): List =>
    copied(indexed(list).slice(...range(start, end, list.length)))
  const unique = (list: List): List => distinct(indexed(list), meter)
  return {
    functions: [
      fn('lists.range(int): list(int)', numbersUpTo, listCost),
      method('list(A).slice(int, int): list(A)', slice, listCost),
      method('list(A).reverse(): list(A)', (list: List) => copied(indexed(list)).toReversed(), listCost),
      method('list(A).distinct(): list(A)', unique, ([list]) => comparisonCost(list)),
      ...shared(
        method,
        ['list(list(A)).flatten(): list(A)', 'list(dyn).flatten(int): list(dyn)'],
        flatten,
        flattenCost,
      ),
      ...shared(
        method,
        COMPARABLE_TYPES.map((type) => `list(${type}).sort(): list(${type})`),
        (list = null) =>
          isList(list) ? sorted(indexed(list), list, meter) : noSuchOverload(isReceiver(list) ? '' : 'sort'),
        ([list]) => comparisonCost(list),
      ),
      ...shared(
        method,
        COMPARABLE_TYPES.map((type) => `list(A).@sortByAssociatedKeys(list(${type})): list(A)`),
        (list = null, keys = null) =>
          isList(list) && isList(keys) ? sorted(indexed(list), keys, meter) : noSuchOverload('sortBy'),
        ([, keys]) => comparisonCost(keys),
      ),
    ],
  }
}

function distinct(list: List, meter: Meter): List {
  meter.spend(list.length / 2)
  const texts = new Set<string>()
  const others: Value[] = []
  return list.filter((each) => {
    if (typeof each === 'string') {
      const isNew = !texts.has(each)
      texts.add(each)
      return isNew
    }
    const isNew = !isIn(each, others, meter)
    if (isNew) others.push(each)
    return isNew
  })
}

function range(start: bigint, end: bigint, length: number): [number, number] {
  const call = `cannot slice(${start}, ${end})`
  if (start < 0n || end < 0n) fail(`${call}, negative indexes not supported`)
  if (start > end) {
    fail(`${call}, start index must be less than or equal to end index`)
  }
  if (end > BigInt(length)) fail(`${call}, list is length ${length}`)
  return [Number(start), Number(end)]
}

function flat(list: List, depth: number, meter: Meter): List {
  const elements: Value[] = []
  for (const each of list) {
    meter.spend(0.5)
    if (depth === 0 || !isList(each)) elements.push(each)
    else for (const inner of flat(each, depth - 1, meter)) elements.push(inner)
  }
  return elements
}
