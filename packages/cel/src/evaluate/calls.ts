import type { Cost, FunctionDeclaration, Implementation, Overload } from '../check/declarations.ts'
import { isOfType, typeName } from '../values/runtime-type.ts'
import type { Value } from '../values/value.ts'
import { Failure, FAILURE_WORK, type Meter, noSuchOverload } from './evaluation.ts'
import type { Frame, Run } from './plan.ts'

/** The overloads that fit the static types of the arguments of a call. */
export interface Callee {
  readonly declaration: FunctionDeclaration
  readonly overloads: readonly Overload[]
  /** Whether the second argument is not evaluated if the first fails. */
  readonly isInOrder: boolean
}

/**
 * Evaluates a call. The arguments choose the overload if several fit their static types.
 *
 * Source: cel-go `common/decls/decls.go`, `interpreter/interpretable.go` (`evalUnary`, `evalBinary`, `evalVarArgs`).
 */
export function callRun(
  { declaration, overloads, isInOrder }: Callee,
  args: readonly Run[],
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
export function appliedRun(
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
