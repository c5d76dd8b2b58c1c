import type { FunctionDeclaration, Overload } from './declarations.ts'
import type { Substitution } from './substitution.ts'
import { DYN, isDynamic, isSameType, type Type } from './types.ts'

/** The overloads that fit, and the type of the call. */
export interface Resolution {
  readonly overloads: readonly Overload[]
  readonly type: Type
}

/**
 * Finds the overloads of a function that accept arguments of these types; `undefined` if there are none.
 *
 * Source: cel-go `checker/checker.go` (`resolveOverload`).
 */
export function resolveOverloads(
  { overloads }: FunctionDeclaration,
  args: readonly Type[],
  isMember: boolean,
  substitution: Substitution,
): Resolution | undefined {
  const fitting: Overload[] = []
  let type: Type | undefined
  for (const overload of overloads) {
    if (overload.isMember !== isMember || overload.parameters.length !== args.length) continue
    const fresh = new Map<string, Type>()
    const parameters = overload.parameters.map((each) => substitution.instantiated(each, fresh))
    if (!substitution.areAssignable(args, parameters)) continue
    fitting.push(overload)
    const result = substitution.apply(substitution.instantiated(overload.result, fresh))
    if (type === undefined) type = result
    else if (!isDynamic(type) && !isSameType(result, type)) type = DYN
  }
  return type === undefined ? undefined : { overloads: fitting, type }
}
