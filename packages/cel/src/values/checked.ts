import { fail } from '../evaluate/failure.ts'
import { MAX_INT, MAX_UINT, MIN_INT } from './limits.ts'
import { Uint } from './uint.ts'

/** The integer; it fails if it does not fit into 64 bits. */
export function checkedInt(value: bigint): bigint {
  return value < MIN_INT || value > MAX_INT ? fail('integer overflow') : value
}

/** The unsigned integer; it fails if it does not fit into 64 bits. */
export function checkedUint(value: bigint): Uint {
  return value < 0n || value > MAX_UINT ? fail('unsigned integer overflow') : new Uint(value)
}
