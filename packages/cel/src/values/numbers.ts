import { Uint } from './integers.ts'
import type { Value } from './value.ts'

/** An `int`, a `uint` or a `double`. */
export type CelNumber = bigint | Uint | number

export function isNumber(value: Value): value is CelNumber {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof Uint
}

/**
 * Compares two numbers of any types: negative, 0 or positive, or `NaN` if one of them is. An integer is compared with a double as the
 * nearest double.
 *
 * Source: cel-go `common/types/compare.go`.
 */
export function compareNumbers(a: CelNumber, b: CelNumber): number {
  const one = exact(a)
  const other = exact(b)
  if (typeof one === typeof other) return ordered(one, other)
  return ordered(Number(one), Number(other))
}

function ordered(a: bigint | number, b: bigint | number): number {
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN
}

/** The integer of this value, for a list index; `undefined` if it is not an integer. */
export function wholeNumber(value: Value): bigint | undefined {
  if (!isNumber(value)) return undefined
  const number = exact(value)
  if (typeof number === 'bigint') return number
  return Number.isInteger(number) ? BigInt(number) : undefined
}

function exact(value: CelNumber): bigint | number {
  return value instanceof Uint ? value.value : value
}
