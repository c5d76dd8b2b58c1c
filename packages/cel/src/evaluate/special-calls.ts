import type { ResolvedCall } from '../check/checked.ts'
import { comparisonCost, equalityCost } from '../library/costs.ts'
import type { CallNode } from '../syntax/ast.ts'
import { equality, isIn } from '../values/equality.ts'
import { isList, Optional, type Value } from '../values/value.ts'
import { appliedRun } from './calls.ts'
import { noSuchOverload } from './failure.ts'
import type { Run } from './frame.ts'
import type { Meter } from './meter.ts'
import { isKey } from './select.ts'
import { constantStep, type Step } from './step.ts'

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
  if (name === 'or') {
    return {
      run: (frame) => {
        const optional = left.run(frame)
        return optional instanceof Optional && optional.value === undefined ? right.run(frame) : optional
      },
    }
  }
  if (name !== 'orValue') return undefined
  return {
    run: (frame) => {
      const optional = left.run(frame)
      if (!(optional instanceof Optional)) return optional
      return optional.value === undefined ? right.run(frame) : optional.value
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
