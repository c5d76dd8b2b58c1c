import type { FunctionDeclaration, Overload } from '../check/declarations.ts'
import { isSameType, type Type } from '../check/types.ts'
import { isOfType, typeName } from '../values/runtime-type.ts'
import type { Value } from '../values/value.ts'
import { noSuchOverload } from './failure.ts'
import type { Run } from './frame.ts'
import type { Meter } from './meter.ts'

/** The overloads that a call may have, and the static types of its arguments. */
export interface Callee {
  readonly declaration: FunctionDeclaration
  readonly overloads: readonly Overload[]
  readonly types: readonly Type[]
}

/**
 * Evaluates a call. The arguments choose the overload if several fit their static types.
 *
 * Source: cel-go `common/decls/decls.go`.
 */
export function callRun(callee: Callee, args: readonly Run[], meter: Meter): Run {
  const { declaration, overloads } = callee
  const [only] = overloads
  // As in cel-go, an operator without a definite overload costs 1.
  const isDefinite = overloads.length === 1 || declaration.operate === undefined
  const cost = isDefinite ? only?.cost : undefined
  const apply = implementation(callee)
  const [first, second] = args
  if (first !== undefined && args.length === 1) {
    return (frame) => {
      const value = first(frame)
      const result = apply(value)
      meter.charge(cost === undefined ? 1 : cost([value], result))
      return result
    }
  }
  if (first !== undefined && second !== undefined && args.length === 2) {
    return (frame) => {
      const one = first(frame)
      const other = second(frame)
      const result = apply(one, other)
      meter.charge(cost === undefined ? 1 : cost([one, other], result))
      return result
    }
  }
  return (frame) => {
    const values = args.map((arg) => arg(frame))
    const result = apply(...values)
    meter.charge(cost === undefined ? 1 : cost(values, result))
    return result
  }
}

type Apply = (...values: readonly Value[]) => Value

function implementation({ declaration, overloads, types }: Callee): Apply {
  const { operate, name } = declaration
  if (operate !== undefined) return (...values) => operate(...values)
  const [only, ...others] = overloads
  if (only === undefined) return () => noSuchOverload(name)
  if (others.length > 0) return (...values) => dispatched(name, overloads, values)
  const unsure = only.parameters.map((type, index) => (isSure(types[index], type) ? undefined : type))
  if (unsure.every((each) => each === undefined)) return (...values) => evaluated(only, values)
  return (...values) => {
    for (const [index, value] of values.entries()) {
      const type = unsure[index]
      if (type !== undefined && !isOfType(value, type)) return mismatch(name, values)
    }
    return evaluated(only, values)
  }
}

/** Whether the static type tells that each value fits. */
function isSure(found: Type | undefined, wanted: Type): boolean {
  if (wanted.kind === 'dyn' || wanted.kind === 'parameter') return true
  return (
    found !== undefined && wanted.parameters.length === 0 && !found.isWrapper && isSameType(found, wanted)
  )
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

/** The functions of the language that do not name themselves, or not their arguments, in the error. */
const TERSE: ReadonlyMap<string, string> = new Map([
  ...['contains', 'endsWith', 'matches', 'startsWith'].map((name) => [name, ''] as const),
  ['size', 'size'],
])

function mismatch(name: string, values: readonly Value[]): never {
  return noSuchOverload(TERSE.get(name) ?? `${name}(${values.map(typeName).join(', ')})`)
}
