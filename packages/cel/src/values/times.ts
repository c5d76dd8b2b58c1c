import { fail } from '../evaluate/failure.ts'
import { checkedInt } from './numbers.ts'

export const SECOND = 1_000_000_000n

const FIRST_TIME = -62_135_596_800n * SECOND
const LAST_TIME = 253_402_300_800n * SECOND - 1n

/** A duration. */
export class Duration {
  readonly nanoseconds: bigint

  /** @param nanoseconds from -2^63 to 2^63 - 1. */
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds
  }
}

/** A point in time. */
export class Timestamp {
  /** Since the epoch. */
  readonly nanoseconds: bigint
  /** The time zone in which it is printed. */
  readonly offsetMinutes: number

  /** @param nanoseconds from the year 1 to 9999. */
  constructor(nanoseconds: bigint, offsetMinutes = 0) {
    this.nanoseconds = nanoseconds
    this.offsetMinutes = offsetMinutes
  }
}

/** The time this many nanoseconds after the epoch; it fails outside of the years 1 to 9999. */
export function timeAt(nanoseconds: bigint, offsetMinutes = 0): Timestamp {
  if (nanoseconds < FIRST_TIME || nanoseconds > LAST_TIME) fail('timestamp overflow')
  return new Timestamp(nanoseconds, offsetMinutes)
}

/** The duration of this many nanoseconds; it fails beyond 64 bits. */
export function durationOf(nanoseconds: bigint): Duration {
  return new Duration(checkedInt(nanoseconds))
}
