import type { ResolvedCall } from '../check/checked.ts'
import { comparisonCost, equalityCost } from '../library/costs.ts'
import type { CallNode } from '../syntax/ast.ts'
import { equality, isIn } from '../values/comparison.ts'
import { isList, Optional, type Value } from '../values/value.ts'
import { appliedRun } from './calls.ts'
import { ERROR_WORK, Failure, type Meter, noSuchOverload, raise } from './evaluation.ts'
import { constantStep, type Frame, type Run, type Step } from './plan.ts'
import { isKey } from './select.ts'

/** `==` and `!=`. */
export function equalityRun(left: Run, right: Run, isNegated: boolean, meter: Meter): Run {
  const apply = (one: Value = null, other: Value = null): Value => {
    const found = equality(one, other, meter)
    return isNegated ? found !== true : (found ?? noSuchOverload())
  }
  return appliedRun([left, right], false, apply, isNegated ? comparisonCost : equalityCost, meter)
}

/**
 * `a.or(b)` and `a.orValue(b)`, which evaluate the second only if needed.
 *
 * Source: cel-go `cel/library.go` (`decorateOptionalOr`).
 */
export function alternativeStep(
  { name, target }: CallNode,
  [left, right]: readonly Step[],
): Step | undefined {
  if (target === undefined || left === undefined || right === undefined) return undefined
  if (name !== 'or' && name !== 'orValue') return undefined
  return {
    run: (frame) => {
      const optional = left.run(frame)
      if (!(optional instanceof Optional)) return optional
      if (optional.value === undefined) return right.run(frame)
      return name === 'or' ? optional : optional.value
    },
  }
}

/** Whether the static type tells that the call looks for an element of a list, and not for a key of a map. */
export function isOfListOnly(call: ResolvedCall | undefined): boolean {
  const [overload, ...others] = call?.overloads ?? []
  return overload?.parameters[1]?.kind === 'list' && others.length === 0
}

/** `in` with a constant list of simple values, which is free. */
export function membershipStep(element: Step, { constant }: Step, meter: Meter): Step | undefined {
  if (constant === undefined || !isList(constant)) return undefined
  if (constant.length === 0) return constantStep(false)
  if (!constant.every(isKey)) return undefined
  const known = new Set(constant)
  const { run } = element
  return {
    run: (frame) => {
      const value = run(frame)
      return typeof value === 'string' ? known.has(value) : isIn(value, constant, meter)
    },
  }
}

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
