import { fn, type Library, method, shared } from '../check/declarations.ts'
import { Type } from '../check/types.ts'
import { fail, type Meter, noSuchOverload } from '../evaluate/evaluation.ts'
import { Duration, isList, MapValue, NONE, Optional, Timestamp, Uint, type Value } from '../values/value.ts'
import { indexed, isView } from '../values/map.ts'

type List = readonly Value[]

/**
 * The functions of optionals. `optMap` and `optFlatMap` are macros, and `or` and `orValue` are evaluated by the planner.
 *
 * Source: cel-go `cel/library.go`, optional types of version 2.
 */
export function optionals(meter: Meter): Library {
  const unwrapped = (list: List): List => {
    meter.spend(list.length / 2)
    return list.flatMap((each) => {
      if (!(each instanceof Optional)) return noSuchOverload()
      return each.value === undefined ? [] : [each.value]
    })
  }
  return {
    types: [new Type('opaque', 'optional_type')],
    functions: [
      ...shared(fn, SELECTIONS, () => noSuchOverload()),
      fn('optional.none(): optional_type(V)', () => NONE),
      fn('optional.of(V): optional_type(V)', (value) => new Optional(value)),
      fn('optional.ofNonZeroValue(V): optional_type(V)', (value: Value) =>
        isZero(value) ? NONE : new Optional(value),
      ),
      fn('optional.unwrap(list(optional_type(V))): list(V)', unwrapped),
      method('list(optional_type(V)).unwrapOpt(): list(V)', unwrapped),
      method('optional_type(V).value(): V', ({ value }: Optional) =>
        value === undefined ? fail('optional.none() dereference') : value,
      ),
      method('optional_type(V).hasValue(): bool', ({ value }: Optional) => value !== undefined),
      method('optional_type(V).or(optional_type(V)): optional_type(V)', () => noSuchOverload('or')),
      method('optional_type(V).orValue(V): V', () => noSuchOverload('orValue')),
      method('list(V).first(): optional_type(V)', (list: List) => new Optional(indexed(list)[0])),
      method('list(V).last(): optional_type(V)', (list: List) => new Optional(indexed(list).at(-1))),
    ],
  }
}

/** The operators of optionals, which the planner evaluates. */
const SELECTIONS: readonly string[] = [
  '_[?_](list(A), int): optional_type(A)',
  '_[?_](optional_type(list(A)), int): optional_type(A)',
  '_[?_](map(A, B), A): optional_type(B)',
  '_[?_](optional_type(map(A, B)), A): optional_type(B)',
  '_[_](optional_type(list(A)), int): optional_type(A)',
  '_[_](optional_type(map(A, B)), A): optional_type(B)',
]

function isZero(value: Value): boolean {
  if (value instanceof Uint) return value.value === 0n
  if (value instanceof Duration) return value.nanoseconds === 0n
  if (value instanceof Timestamp) return value.nanoseconds === FIRST_TIME
  if (value instanceof MapValue) return value.size === 0 && !isView(value)
  if (value instanceof Uint8Array) return value.length === 0
  if (isList(value)) return value.length === 0 && !isView(value)
  return value === '' || value === 0 || value === 0n || value === false || value === null
}

/** Go's zero time. */
const FIRST_TIME = -62_135_596_800_000_000_000n
