import type { Meter } from '../evaluate/evaluation.ts'
import { fail } from '../evaluate/failure.ts'
import { compareNumbers, isNumber } from './numbers.ts'
import { Duration, Timestamp } from './times.ts'
import type { Value } from './value.ts'

/** Like {@link orderOf}, but fails for `NaN`. */
export function compared(a: Value, b: Value, meter: Meter): number | undefined {
  return isNumber(a) && isNumber(b) && Number.isNaN(compareNumbers(a, b))
    ? fail('NaN values cannot be ordered')
    : orderOf(a, b, meter)
}

/** Whether the value has an order among those of its type. */
export function isOrdered(value: Value): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || isNumber(value)) return true
  return value instanceof Uint8Array || value instanceof Timestamp || value instanceof Duration
}

/**
 * Compares two values: negative, 0 or positive; `undefined` if they have no order, as two types and `NaN` have none. Strings are ordered by
 * code points, as in Go, not by the UTF-16 units of JavaScript.
 *
 * Source: cel-go `common/types` (`Compare`).
 */
export function orderOf(a: Value, b: Value, meter: Meter): number | undefined {
  if (isNumber(a) && isNumber(b)) {
    const order = compareNumbers(a, b)
    return Number.isNaN(order) ? undefined : order
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (typeof a === 'string' && typeof b === 'string') {
    return compareTexts(a, b, meter)
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    meter.spend(Math.min(a.length, b.length) / UNITS_PER_WORK)
    return compareUnits(a.length, b.length, (index) => (a[index] ?? 0) - (b[index] ?? 0))
  }
  if (a instanceof Timestamp && b instanceof Timestamp) return compareNumbers(a.nanoseconds, b.nanoseconds)
  if (a instanceof Duration && b instanceof Duration) {
    return compareNumbers(a.nanoseconds, b.nanoseconds)
  }
  return undefined
}

const UNITS_PER_WORK = 16

const SURROGATE = /[\ud800-\udfff]/

function compareTexts(a: string, b: string, meter: Meter): number {
  const length = Math.min(a.length, b.length)
  meter.spend(length / 100)
  const beginningA = a.slice(0, length)
  const beginningB = b.slice(0, length)
  if (beginningA === beginningB) return a.length - b.length
  // Without surrogates, the order of JavaScript is the same.
  if (!SURROGATE.test(beginningA) && !SURROGATE.test(beginningB)) return beginningA < beginningB ? -1 : 1
  meter.spend(length / UNITS_PER_WORK)
  return compareUnits(length, length, (index) => rank(a.charCodeAt(index)) - rank(b.charCodeAt(index)))
}

/** Surrogates represent code points that sort after all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

function compareUnits(lengthA: number, lengthB: number, difference: (index: number) => number): number {
  const length = Math.min(lengthA, lengthB)
  for (let index = 0; index < length; index++) {
    const order = difference(index)
    if (order !== 0) return order
  }
  return lengthA - lengthB
}
