import type { FoldNode, LiteralValue, MessageNode, Node } from '../syntax/ast.ts'
import { typeName } from '../values/runtime-type.ts'
import type { CheckState } from './checked.ts'
import { candidates, findGlobal } from './scope.ts'
import {
  DYN,
  ERROR,
  INT,
  isDynamic,
  isDynamicOrError,
  isSameType,
  parameterOf,
  printedType,
  SIMPLE_TYPES,
  type Type,
} from './types.ts'
import type { FunctionDeclaration, Overload } from './declarations.ts'
import type { Substitution } from './substitution.ts'

export function fieldType(
  node: Node,
  target: Type,
  field: string,
  { declarations, substitution, issues }: CheckState,
): Type {
  switch (target.kind) {
    case 'map':
      return parameterOf(target, 1)
    case 'struct': {
      const fields = declarations.fields.get(target.name)
      if (fields === undefined) return issues.report(node, `unexpected failed resolution of '${target.name}'`)
      return fields.get(field) ?? issues.report(node, `undefined field '${field}'`)
    }
    case 'parameter':
      substitution.isAssignable(DYN, target)
      return DYN
    default:
      if (!isDynamicOrError(target)) {
        issues.report(node, `type '${printedType(target)}' does not support field selection`)
      }
      return DYN
  }
}

/** The types of the variables: an element, or an index and an element; a key, or a key and a value. */
export function itemTypes(
  node: FoldNode,
  range: Type,
  { declarations, substitution, issues }: CheckState,
): readonly Type[] {
  const hasTwo = node.variables.length === 2
  // Deviation: `any`, the type of a claim, is a range too (`docs/deviations.md`, CEL ranges).
  const isUntyped = range.kind === 'any' && declarations.hasRangesOfAny
  switch (isUntyped ? DYN.kind : range.kind) {
    case 'list':
      return hasTwo ? [INT, parameterOf(range, 0)] : [parameterOf(range, 0)]
    case 'map':
      return [parameterOf(range, 0), parameterOf(range, 1)]
    case 'dyn':
    case 'error':
    case 'parameter':
      substitution.isAssignable(DYN, range)
      return [DYN, DYN]
    default: {
      const type = printedType(range)
      const message = `expression of type '${type}' cannot be range of a comprehension (must be list, map, or dynamic)`
      issues.report(node.range, message)
      return [ERROR, ERROR]
    }
  }
}

/** Deviation: messages are not supported (`docs/deviations.md`, CEL messages). */
export function messageType(node: MessageNode, { declarations, issues }: CheckState): Type {
  const { name } = node
  const { container, types, unboundTypes } = declarations
  const reference = findGlobal(declarations, name)
  if (reference?.kind === 'variable' && reference.type.kind !== 'type') {
    return issues.report(node, `'${reference.type.name}' is not a type`)
  }
  const names = candidates(container, name)
  const type = names.map((each) => types.get(each)).find((each) => each !== undefined)
  const isMessage =
    type?.kind === 'duration' || type?.kind === 'timestamp' || names.some((each) => unboundTypes.has(each))
  if (isMessage) return issues.report(node, `a message such as '${name}' cannot be constructed`)
  if (type === undefined) return issues.undeclared(node, name, container)
  return issues.report(node, `'${type.name}' is not a message type`)
}

export function literalType(value: LiteralValue): Type {
  const name = typeName(value)
  return SIMPLE_TYPES.find((type) => type.name === name) ?? DYN
}

/**
 * Finds the overloads of a function that accept arguments of these types, and the type of the call; `undefined` if there are none.
 *
 * Source: cel-go `checker/checker.go` (`resolveOverload`).
 */
export function resolveOverloads(
  { overloads }: FunctionDeclaration,
  args: readonly Type[],
  isMember: boolean,
  substitution: Substitution,
): { readonly overloads: readonly Overload[]; readonly type: Type } | undefined {
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
