import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { checkedInt, checkedUint } from './numbers.ts'
import { durationOf, nanosecondsOf, sinceEpoch, timeAt } from './times.ts'

/**
 * Applies `+`, `-`, `*`, `/` or `%`; `undefined` if there is no such overload. 64-bit integers and times do not wrap around.
 *
 * Source: cel-go `common/types/overflow.go`.
 *
 * @throws {CelEvaluationError} on overflow and division by zero.
 */
export function calculated(operator: string, a: unknown, b: unknown, budget: Budget): unknown {
  if (typeof a === 'number' && typeof b === 'number') return real(operator, a, b)
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    const result = whole(operator, a, b)
    return result === undefined ? undefined : checkedInt(result)
  }
  if (a instanceof UnsignedInt && b instanceof UnsignedInt) {
    const result = whole(operator, a.value, b.value)
    return result === undefined ? undefined : checkedUint(result)
  }
  if (a instanceof Date || a instanceof Duration) return temporal(operator, a, b)
  return operator === '+' ? joined(a, b, budget) : undefined
}

/** Applies unary `-`. */
export function negated(value: unknown): unknown {
  if (typeof value === 'bigint') return checkedInt(-value)
  return typeof value === 'number' ? -value : undefined
}

function whole(operator: string, a: bigint, b: bigint): bigint | undefined {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      if (b === 0n) throw new CelEvaluationError('division by zero')
      return a / b
    case '%':
      if (b === 0n) throw new CelEvaluationError('modulus by zero')
      // The corresponding division overflows.
      if (b === -1n) checkedInt(-a)
      return a % b
    default:
      return undefined
  }
}

function real(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    default:
      return undefined
  }
}

function temporal(operator: string, a: Date | Duration, b: unknown): Date | Duration | undefined {
  if (operator !== '+' && operator !== '-') return undefined
  const signed = (nanoseconds: bigint): bigint => (operator === '+' ? nanoseconds : -nanoseconds)
  if (a instanceof Duration) {
    if (b instanceof Duration) return durationOf(nanosecondsOf(a) + signed(nanosecondsOf(b)))
    return b instanceof Date && operator === '+' ? timeAt(sinceEpoch(b) + nanosecondsOf(a)) : undefined
  }
  if (b instanceof Duration) return timeAt(sinceEpoch(a) + signed(nanosecondsOf(b)))
  return b instanceof Date && operator === '-' ? durationOf(sinceEpoch(a) - sinceEpoch(b)) : undefined
}

function joined(a: unknown, b: unknown, budget: Budget): unknown {
  if (typeof a === 'string' && typeof b === 'string') {
    budget.spend((a.length + b.length) / 10)
    return a + b
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    budget.spend((a.length + b.length) / 10)
    const bytes = new Uint8Array(a.length + b.length)
    bytes.set(a)
    bytes.set(b, a.length)
    return bytes
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    budget.spend((a.length + b.length) / 2)
    return a.concat(b)
  }
  return undefined
}
