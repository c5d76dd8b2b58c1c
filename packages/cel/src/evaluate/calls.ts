import type { Cost, Implementation, Overload } from '../check/declarations.ts'
import { isOfType, typeName } from '../values/runtime-type.ts'
import { isList, Optional, type Value } from '../values/value.ts'
import { ERROR_WORK, Failure, FAILURE_WORK, type Meter, noSuchOverload, raise } from './evaluation.ts'
import { constantStep, type Frame, type PlanContext, type Run, type Step } from './plan.ts'
import type { ResolvedCall } from '../check/checked.ts'
import { comparisonCost, equalityCost } from '../library/costs.ts'
import type { CallNode } from '../syntax/ast.ts'
import { equality, isIn } from '../values/comparison.ts'
import { isKey } from './attributes.ts'

/**
 * Evaluates a call. The arguments choose the overload if several fit their static types.
 *
 * Source: cel-go `common/decls/decls.go`, `interpreter/interpretable.go` (`evalUnary`, `evalBinary`, `evalVarArgs`).
 *
 * @param isInOrder whether the second argument is not evaluated if the first fails.
 */
export function callRun(
  { declaration, overloads }: ResolvedCall,
  args: readonly Run[],
  isInOrder: boolean,
  meter: Meter,
): Run {
  const { name, operate } = declaration
  // As in cel-go, an operator without a definite overload costs 1.
  const isDefinite = overloads.length === 1 || operate === undefined
  const cost = (isDefinite ? overloads[0]?.cost : undefined) ?? (() => 1)
  const apply = operate ?? ((...values) => dispatched(name, overloads, values))
  return appliedRun(args, isInOrder, apply, cost, meter)
}

/** Stands for an error as an argument or a result of a call: as in cel-go, its size is that of a simple value. */
const FAILED = null

/**
 * Applies a function to its arguments. As in cel-go, the second of two is evaluated also if the first fails, unless `isInOrder`, and a call
 * costs as much as with a simple value in the place of the last argument that fails.
 */
function appliedRun(
  args: readonly Run[],
  isInOrder: boolean,
  apply: Implementation,
  cost: Cost,
  meter: Meter,
): Run {
  return (frame) => {
    const values: Value[] = []
    try {
      for (const arg of args) values.push(arg(frame))
      const result = apply(...values)
      meter.charge(cost(values, result))
      return result
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      meter.spend(FAILURE_WORK)
      const [, second] = args
      if (values.length === 0 && args.length === 2 && second !== undefined && !isInOrder) {
        values.push(FAILED, valueOrFailed(second, frame))
      }
      if (values.length === args.length - 1) values.push(FAILED)
      if (values.length === args.length) meter.charge(cost(values, FAILED))
      throw error
    }
  }
}

function valueOrFailed(run: Run, frame: Frame): Value {
  try {
    return run(frame)
  } catch (error) {
    if (error instanceof Failure) return FAILED
    throw error
  }
}

/** Static types are no proof: `claims.sub.orValue(1)` is a string. */
function dispatched(name: string, overloads: readonly Overload[], values: readonly Value[]): Value {
  const fitting = overloads.find(({ parameters }) =>
    parameters.every((type, index) => isOfType(values[index] ?? null, type)),
  )
  return fitting === undefined ? mismatch(name, values) : fitting.evaluate(...values)
}

/** The functions of the language that do not name themselves in the error. */
const TERSE: ReadonlySet<string> = new Set(['contains', 'endsWith', 'matches', 'startsWith'])
/** Those that do so only for a string. */
const TERSE_FOR_OTHERS: ReadonlySet<string> = new Set(['find', 'findAll'])

function mismatch(name: string, values: readonly Value[]): never {
  const isTerse = TERSE.has(name) || (TERSE_FOR_OTHERS.has(name) && typeof values[0] !== 'string')
  return noSuchOverload(isTerse ? '' : `${name}(${values.map(typeName).join(', ')})`)
}

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
  { hasOptionalsOnly }: PlanContext,
): Step | undefined {
  if (target === undefined || left === undefined || right === undefined) return undefined
  if (name !== 'or' && name !== 'orValue') return undefined
  return {
    run: (frame) => {
      const optional = left.run(frame)
      if (!(optional instanceof Optional)) return hasOptionalsOnly ? noSuchOverload() : optional
      if (optional.value === undefined) return right.run(frame)
      return name === 'or' ? optional : optional.value
    },
  }
}

/** `in` with a constant list of simple values, which is free, if the static types tell that it is no key of a map. */
export function membershipStep(
  call: ResolvedCall | undefined,
  element: Step,
  { constant }: Step,
  meter: Meter,
): Step | undefined {
  const [overload, ...others] = call?.overloads ?? []
  if (overload?.parameters[1]?.kind !== 'list' || others.length > 0) return undefined
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
