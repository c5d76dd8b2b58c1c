import { UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { CelEvaluationError } from '../cel.ts'

/** An `int`, a `uint` or a `double`. */
export type CelNumber = bigint | UnsignedInt | number

export const MIN_INT: bigint = -(2n ** 63n)
export const MAX_INT: bigint = 2n ** 63n - 1n
export const MAX_UINT: bigint = 2n ** 64n - 1n

export function isNumber(value: unknown): value is CelNumber {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof UnsignedInt
}

/** @throws {CelEvaluationError} if it does not fit into 64 bits. */
export function checkedInt(value: bigint): bigint {
  if (value < MIN_INT || value > MAX_INT) throw new CelEvaluationError('integer overflow')
  return value
}

/** @throws {CelEvaluationError} if it does not fit into 64 bits. */
export function checkedUint(value: bigint): UnsignedInt {
  if (value < 0n || value > MAX_UINT) throw new CelEvaluationError('unsigned integer overflow')
  return new UnsignedInt(value)
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

/** The integer of this value, for a map key or a list index; `undefined` if it is not an integer. */
export function wholeNumber(value: unknown): bigint | undefined {
  if (!isNumber(value)) return undefined
  const number = exact(value)
  if (typeof number === 'bigint') return number
  return Number.isInteger(number) ? BigInt(number) : undefined
}

function exact(value: CelNumber): bigint | number {
  return value instanceof UnsignedInt ? value.value : value
}
