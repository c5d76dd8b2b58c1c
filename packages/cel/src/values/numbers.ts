import { fail } from '../evaluate/failure.ts'

export const MIN_INT: bigint = -(2n ** 63n)
export const MAX_INT: bigint = 2n ** 63n - 1n
export const MAX_UINT: bigint = 2n ** 64n - 1n

/** A `uint`: an unsigned integer of 64 bits. */
export class Uint {
  readonly value: bigint

  /** @param value from 0 to 2^64 - 1. */
  constructor(value: bigint) {
    this.value = value
  }
}

/** The integer; it fails if it does not fit into 64 bits. */
export function checkedInt(value: bigint): bigint {
  return value < MIN_INT || value > MAX_INT ? fail('integer overflow') : value
}

/** The unsigned integer; it fails if it does not fit into 64 bits. */
export function checkedUint(value: bigint): Uint {
  return value < 0n || value > MAX_UINT ? fail('unsigned integer overflow') : new Uint(value)
}

/** An `int`, a `uint` or a `double`. */
export type CelNumber = bigint | Uint | number

export function isNumber(value: unknown): value is CelNumber {
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
export function wholeNumber(value: unknown): bigint | undefined {
  if (!isNumber(value)) return undefined
  const number = exact(value)
  if (typeof number === 'bigint') return number
  return Number.isInteger(number) ? BigInt(number) : undefined
}

function exact(value: CelNumber): bigint | number {
  return value instanceof Uint ? value.value : value
}
