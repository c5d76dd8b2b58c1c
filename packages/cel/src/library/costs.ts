import { byteCount, characterCount } from '../values/text-size.ts'
import { isList, MapValue, Opaque, Optional, type Value } from '../values/value.ts'

/*
 * The costs of calls in the units of cel-go.
 *
 * Source: cel-go `interpreter/runtimecost.go`; apiserver `pkg/cel/library/cost.go`.
 */

/** The cost of creating a list or a map, besides its elements. */
export const LIST_COST = 10
export const MAP_COST = 30

/** The size of a value: of a string in characters; 1 for a value without one. */
export function sizeOf(value: Value | undefined): number {
  if (typeof value === 'string') return characterCount(value)
  if (value instanceof Uint8Array) return value.length
  if (value instanceof MapValue || value instanceof Opaque) return value.size
  if (value instanceof Optional && value.value !== undefined) return sizeOf(value.value)
  return value !== undefined && isList(value) ? value.length : 1
}

/** The cost of reading the first value. */
export function traversal([value]: readonly Value[]): number {
  return tenth(sizeOf(value))
}

/** The cost of reading it twice, or of reading and writing it. */
export function twice([value]: readonly Value[]): number {
  return Math.ceil(sizeOf(value) * 2 * 0.1)
}

/** The cost of `!=`, and of ordering two strings, or bytes. */
export function comparisonCost([a, b]: readonly Value[]): number {
  return tenth(Math.min(sizeOf(a), sizeOf(b)))
}

/** The cost of `==`, which is fixed for a value of a library. */
export function equalityCost(values: readonly Value[]): number {
  return values[0] instanceof Opaque ? 1 : comparisonCost(values)
}

/** The cost of joining two strings, or bytes. */
export function addCost([a, b]: readonly Value[]): number {
  return tenth(sizeOf(a) + sizeOf(b))
}

export function inCost([, list]: readonly Value[]): number {
  return sizeOf(list)
}

export function matchCost([text, pattern]: readonly Value[]): number {
  return tenth(1 + sizeOf(text)) * Math.ceil(sizeOf(pattern) * 0.25)
}

export function searchCost([text, part]: readonly Value[]): number {
  return tenth(sizeOf(text)) * tenth(sizeOf(part))
}

/** The cost of looking at each element, where a text costs its length. */
export function elementsCost([value]: readonly Value[]): number {
  if (value === undefined) return 0
  if (!isList(value) || value.length < LONG) return lengthOf(value)
  // An expression may ask for it at every step.
  const known = lengths.get(value)
  if (known !== undefined) return known
  const length = lengthOf(value)
  lengths.set(value, length)
  return length
}

const LONG = 64
const lengths = new WeakMap<readonly Value[], number>()

function lengthOf(value: Value): number {
  if (typeof value === 'string') return Math.trunc(byteCount(value) * 0.1)
  if (value instanceof Uint8Array) return Math.trunc(value.length * 0.1)
  if (isList(value)) return value.reduce((sum: number, each) => sum + lengthOf(each), 0)
  if (!(value instanceof MapValue)) return 1
  let sum = 0
  for (const [key, each] of value.entries()) sum += lengthOf(key) + lengthOf(each)
  return sum
}

export function listCost(_: readonly Value[], result: Value): number {
  return 1 + LIST_COST + sizeOf(result)
}

/** The cost of comparing the elements of a list with each other. */
export function selfComparison(list: Value | undefined): number {
  if (list === undefined || !isList(list)) return 1
  const factor = typeof list[0] === 'string' || list[0] instanceof Uint8Array ? 2.1 : 2
  return 1 + LIST_COST + Math.trunc(list.length * list.length * factor)
}

function tenth(size: number): number {
  return Math.ceil(size * 0.1)
}
