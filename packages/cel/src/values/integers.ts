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
