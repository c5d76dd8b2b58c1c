import { Duration } from '@marcbachmann/cel-js/evaluator'
import { CelEvaluationError } from '../cel.ts'
import { checkedInt } from './numbers.ts'

/*
 * Timestamps and durations in nanoseconds. A timestamp is a `Date`, because cel-js accepts no other class; the part below a millisecond is
 * stored separately.
 */

export const SECOND = 1_000_000_000n

const MILLISECOND = 1_000_000n
const FIRST_TIME = -62_135_596_800n * SECOND
const LAST_TIME = 253_402_300_800n * SECOND - 1n

const remainders = new WeakMap<Date, bigint>()

/** The timestamp this many nanoseconds after the epoch. */
export function timeAt(nanoseconds: bigint): Date {
  if (nanoseconds < FIRST_TIME || nanoseconds > LAST_TIME) throw new CelEvaluationError('timestamp overflow')
  const remainder = ((nanoseconds % MILLISECOND) + MILLISECOND) % MILLISECOND
  const time = new Date(Number((nanoseconds - remainder) / MILLISECOND))
  if (remainder !== 0n) remainders.set(time, remainder)
  return time
}

/** Nanoseconds since the epoch. */
export function sinceEpoch(time: Date): bigint {
  return BigInt(time.getTime()) * MILLISECOND + (remainders.get(time) ?? 0n)
}

/** The duration of this many nanoseconds. */
export function durationOf(nanoseconds: bigint): Duration {
  const whole = checkedInt(nanoseconds)
  return new Duration(whole / SECOND, Number(whole % SECOND))
}

export function nanosecondsOf({ seconds, nanos }: Duration): bigint {
  return seconds * SECOND + BigInt(nanos)
}
