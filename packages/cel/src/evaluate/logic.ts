import { ERROR_WORK, type Meter } from './meter.ts'
import { Failure, raise } from './failure.ts'
import type { Value } from '../values/value.ts'
import type { Frame, Run } from './frame.ts'

/**
 * `||` if `decisive`, or `&&`: an error is ignored if another operand decides.
 *
 * Source: cel-spec, "Logical Operators"; cel-go `interpreter/interpretable.go` (`evalOr`, `evalAnd`).
 */
export function logicRun(terms: readonly Run[], decisive: boolean, meter: Meter): Run {
  return (frame) => {
    let failure: Failure | undefined
    for (const term of terms) {
      const value = attempted(term, frame, meter)
      if (value === decisive) return decisive
      if (typeof value !== 'boolean') failure ??= failureOf(value)
    }
    if (failure !== undefined) raise(failure)
    return !decisive
  }
}

/** The value, or the error. */
export function attempted(run: Run, frame: Frame, meter: Meter): Value | Failure {
  try {
    return run(frame)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    meter.spend(ERROR_WORK)
    return error
  }
}

/** The error itself, or that of a value of another type. */
export function failureOf(value: unknown): Failure {
  return value instanceof Failure ? value : new Failure('no such overload')
}
