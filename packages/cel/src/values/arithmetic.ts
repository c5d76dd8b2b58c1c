import { fail, type Meter } from '../evaluate/evaluation.ts'
import { indexed, isTransient, isView } from './map.ts'
import {
  checkedInt,
  checkedUint,
  Duration,
  MIN_INT,
  durationOf,
  isList,
  timeAt,
  Timestamp,
  Uint,
  type Value,
} from './value.ts'

export type Operator = '+' | '-' | '*' | '/' | '%'

/**
 * Applies an operator; `undefined` if there is no such overload. 64-bit integers and times do not wrap around.
 *
 * Source: cel-go `common/types/overflow.go`.
 * It fails on overflow and division by zero.
 */
export function calculated(operator: Operator, a: Value, b: Value, meter: Meter): Value | undefined {
  if (typeof a === 'number' && typeof b === 'number') return REAL[operator]?.(a, b)
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    meter.spend(BIGINT_WORK)
    return checkedInt(WHOLE[operator](a, b))
  }
  if (a instanceof Uint && b instanceof Uint) return checkedUint(WHOLE[operator](a.value, b.value))
  if (a instanceof Timestamp || a instanceof Duration) return temporal(operator, a, b)
  return operator === '+' ? joined(a, b, meter) : undefined
}

/** The work of an operation with bigints, which cel-go charges 1 for. */
const BIGINT_WORK = 0.8

/** Applies unary `-`. */
export function negated(value: Value): Value | undefined {
  if (typeof value === 'bigint') return checkedInt(-value)
  if (value instanceof Duration) return durationOf(checkedInt(-value.nanoseconds))
  return typeof value === 'number' ? -value : undefined
}

const WHOLE: Readonly<Record<Operator, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0n ? fail('division by zero') : a / b),
  '%': (a, b) => {
    if (b === 0n) fail('modulus by zero')
    // The corresponding division overflows.
    if (b === -1n) checkedInt(-a)
    return a % b
  },
}

const REAL: Readonly<Partial<Record<Operator, (a: number, b: number) => number>>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
}

function temporal(operator: Operator, a: Timestamp | Duration, b: Value): Timestamp | Duration | undefined {
  if (operator !== '+' && operator !== '-') return undefined
  const signed = (nanoseconds: bigint): bigint => (operator === '+' ? nanoseconds : -nanoseconds)
  // cel-go subtracts a duration from a time by adding its opposite.
  const hasNoOpposite = b instanceof Duration && b.nanoseconds === MIN_INT
  if (hasNoOpposite && operator === '-' && a instanceof Timestamp) return fail('integer overflow')
  if (a instanceof Duration) {
    if (b instanceof Duration) return durationOf(a.nanoseconds + signed(b.nanoseconds))
    if (!(b instanceof Timestamp) || operator === '-') return undefined
    return timeAt(b.nanoseconds + a.nanoseconds, b.offsetMinutes)
  }
  if (b instanceof Duration) return timeAt(a.nanoseconds + signed(b.nanoseconds), a.offsetMinutes)
  return b instanceof Timestamp && operator === '-' ? durationOf(a.nanoseconds - b.nanoseconds) : undefined
}

function joined(a: Value, b: Value, meter: Meter): Value | undefined {
  if (typeof a === 'string' && typeof b === 'string') {
    meter.spend((a.length + b.length) / 10)
    return a + b
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    meter.spend((a.length + b.length) / 10)
    const bytes = new Uint8Array(a.length + b.length)
    bytes.set(a)
    bytes.set(b, a.length)
    return bytes
  }
  if (isList(a) && isList(b)) {
    meter.spend((a.length + b.length) / 2)
    // As in cel-go, one that is empty leaves the other as it is.
    if (a.length === 0) return b
    return isView(a) || isTransient(a) || b.length > 0 ? a.concat(indexed(b)) : a
  }
  return undefined
}
