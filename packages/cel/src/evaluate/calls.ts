import type { Cost, FunctionDeclaration, Overload } from '../check/declarations.ts'
import type { Type } from '../check/types.ts'
import { isOfType, typeName } from '../values/runtime-type.ts'
import type { Value } from '../values/value.ts'
import { Failure, noSuchOverload } from './failure.ts'
import type { Frame, Run } from './frame.ts'
import { FAILURE_WORK, type Meter } from './meter.ts'

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
export function callRun(callee: Callee, args: readonly Run[], meter: Meter): Run {
  const { declaration, overloads, isInOrder } = callee
  const [only] = overloads
  // As in cel-go, an operator without a definite overload costs 1.
  const isDefinite = overloads.length === 1 || declaration.operate === undefined
  const cost = isDefinite ? only?.cost : undefined
  const apply = implementation(callee)
  const [first, second] = args
  if (first !== undefined && args.length === 1) return unaryRun(first, apply, cost, meter)
  if (first !== undefined && second !== undefined && args.length === 2 && !isInOrder) {
    const pay =
      cost === undefined
        ? () => 1
        : (one: Value, other: Value, result: Value): number => cost([one, other], result)
    return binaryRun(first, second, apply, pay, meter)
  }
  const costOf = cost ?? (() => 1)
  return (frame) => {
    const values: Value[] = []
    try {
      for (const arg of args) values.push(arg(frame))
      const result = apply(...values)
      meter.charge(costOf(values, result))
      return result
    } catch (error) {
      if (error instanceof Failure) {
        meter.spend(FAILURE_WORK)
        // The call counts if all arguments have been evaluated.
        if (values.length >= args.length - 1) {
          meter.charge(costOf([...values, FAILED].slice(0, args.length), FAILED))
        }
      }
      throw error
    }
  }
}

function unaryRun(operand: Run, apply: Apply, cost: Cost | undefined, meter: Meter): Run {
  return (frame) => {
    let value: Value = FAILED
    try {
      value = operand(frame)
      const result = apply(value)
      meter.charge(cost === undefined ? 1 : cost([value], result))
      return result
    } catch (error) {
      if (error instanceof Failure) {
        meter.spend(FAILURE_WORK)
        meter.charge(cost === undefined ? 1 : cost([value], FAILED))
      }
      throw error
    }
  }
}

/** Stands for an error as an argument or a result of a call: as in cel-go, its size is that of a simple value. */
const FAILED = null

/**
 * Evaluates a call of two arguments. As in cel-go, the second is evaluated also if the first fails, and the call costs as much as with a
 * simple value.
 */
export function binaryRun(
  first: Run,
  second: Run,
  apply: (one: Value, other: Value) => Value,
  costOf: (one: Value, other: Value, result: Value) => number,
  meter: Meter,
): Run {
  return (frame) => {
    let one: Value = FAILED
    let other: Value = FAILED
    let isPending = true
    try {
      one = first(frame)
      isPending = false
      other = second(frame)
      const result = apply(one, other)
      meter.charge(costOf(one, other, result))
      return result
    } catch (error) {
      if (error instanceof Failure) {
        meter.spend(FAILURE_WORK)
        if (isPending) other = valueOrFailed(second, frame)
        meter.charge(costOf(one, other, FAILED))
      }
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

type Apply = (...values: readonly Value[]) => Value

function implementation({ declaration, overloads }: Callee): Apply {
  const { operate, name } = declaration
  if (operate !== undefined) return (...values) => operate(...values)
  const [only, ...others] = overloads
  if (only === undefined) return () => noSuchOverload(name)
  if (others.length > 0) return (...values) => dispatched(name, overloads, values)
  // Static types are no proof: `claims.sub.orValue(1)` is a string.
  const fits = only.parameters.map(fitOf)
  return (...values) => {
    for (let index = 0; index < values.length; index++) {
      const value = values[index]
      if (value === undefined || fits[index]?.(value) === false) return mismatch(name, values)
    }
    return evaluated(only, values)
  }
}

/** Whether a value is of a type; `undefined` if all are. */
function fitOf(type: Type): ((value: Value) => boolean) | undefined {
  switch (type.kind) {
    case 'any':
    case 'dyn':
    case 'parameter':
      return undefined
    case 'string':
      return type.isWrapper ? (value) => isOfType(value, type) : (value) => typeof value === 'string'
    default:
      return (value) => isOfType(value, type)
  }
}

function dispatched(name: string, overloads: readonly Overload[], values: readonly Value[]): Value {
  for (const overload of overloads) {
    if (overload.parameters.every((type, index) => isOfType(values[index] ?? null, type))) {
      return evaluated(overload, values)
    }
  }
  return mismatch(name, values)
}

function evaluated({ evaluate, name }: Overload, values: readonly Value[]): Value {
  return evaluate === undefined ? noSuchOverload(name) : evaluate(...values)
}

/** The functions of the language that do not name themselves in the error. */
const TERSE: ReadonlySet<string> = new Set(['contains', 'endsWith', 'matches', 'startsWith'])
/** Those that do so only for a string. */
const TERSE_FOR_OTHERS: ReadonlySet<string> = new Set(['find', 'findAll'])

function mismatch(name: string, values: readonly Value[]): never {
  const isTerse = TERSE.has(name) || (TERSE_FOR_OTHERS.has(name) && typeof values[0] !== 'string')
  return noSuchOverload(isTerse ? '' : `${name}(${values.map(typeName).join(', ')})`)
}
