import { Optional } from '@marcbachmann/cel-js'
import { Duration } from '@marcbachmann/cel-js/evaluator'
import type { Budget } from '../budget.ts'
import { valueOf } from './map-keys.ts'
import { compareNumbers, isNumber } from './numbers.ts'
import { Opaque } from './opaque.ts'
import { nanosecondsOf, sinceEpoch } from './times.ts'

/**
 * Whether two values are equal. Numbers are compared by value across types; values of different kinds are never equal. Every comparison is
 * charged before it is made.
 *
 * Source: cel-spec, "Equality"; cel-go `common/types`.
 */
export function isEqual(a: unknown, b: unknown, budget: Budget): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    budget.spend(Math.min(a.length, b.length) / 100)
    return a === b
  }
  if (a === b) return true
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    return a.every((element, index) => {
      budget.spend(1)
      return isEqual(element, b[index], budget)
    })
  }
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false
    for (const [key, value] of a) {
      budget.spend(1)
      if (!isEqual(value, valueOf(b, key), budget)) return false
    }
    return true
  }
  if (a instanceof Optional) {
    if (!(b instanceof Optional) || a.hasValue() !== b.hasValue()) return false
    return !a.hasValue() || isEqual(a.value(), b.value(), budget)
  }
  if (a instanceof Uint8Array) {
    if (!(b instanceof Uint8Array) || a.length !== b.length) return false
    budget.spend(a.length / 10)
    return a.every((byte, index) => byte === b[index])
  }
  if (a instanceof Date) return b instanceof Date && sinceEpoch(a) === sinceEpoch(b)
  if (a instanceof Duration) return b instanceof Duration && nanosecondsOf(a) === nanosecondsOf(b)
  if (a instanceof Opaque && b instanceof Opaque) {
    return a.constructor === b.constructor && isEqual(a.identity, b.identity, budget)
  }
  return false
}

/** Whether a list has an equal element. The caller charges the iteration. */
export function isIn(element: unknown, list: readonly unknown[], budget: Budget): boolean {
  return list.some((each) => isEqual(each, element, budget))
}
