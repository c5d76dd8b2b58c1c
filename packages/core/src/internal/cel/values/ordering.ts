import { Duration } from '@marcbachmann/cel-js/evaluator'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { compareNumbers, isNumber } from './numbers.ts'
import { nanosecondsOf, sinceEpoch } from './times.ts'

/**
 * Compares two values: negative, 0 or positive; `undefined` if they have no order. Strings are ordered by code points, as in Go, not by the
 * UTF-16 units of JavaScript.
 *
 * Source: cel-go `common/types` (`Compare`).
 *
 * @throws {CelEvaluationError} for `NaN`.
 */
export function compared(a: unknown, b: unknown, budget: Budget): number | undefined {
  if (isNumber(a) && isNumber(b)) {
    const order = compareNumbers(a, b)
    if (Number.isNaN(order)) throw new CelEvaluationError('NaN values cannot be ordered')
    return order
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (typeof a === 'string' && typeof b === 'string') {
    budget.spend(Math.min(a.length, b.length) / 100)
    return compareTexts(a, b)
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    budget.spend(Math.min(a.length, b.length) / 100)
    return compareUnits(a.length, b.length, (index) => (a[index] ?? 0) - (b[index] ?? 0))
  }
  if (a instanceof Date && b instanceof Date) return compareNumbers(sinceEpoch(a), sinceEpoch(b))
  if (a instanceof Duration && b instanceof Duration) {
    return compareNumbers(nanosecondsOf(a), nanosecondsOf(b))
  }
  return undefined
}

function compareTexts(a: string, b: string): number {
  return compareUnits(a.length, b.length, (index) => rank(a.charCodeAt(index)) - rank(b.charCodeAt(index)))
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
