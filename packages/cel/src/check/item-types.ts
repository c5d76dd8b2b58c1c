import type { FoldNode } from '../syntax/ast.ts'
import type { CheckState } from './check-state.ts'
import { DYN, ERROR, INT, parameterOf, printedType, type Type } from './types.ts'

/** The types of the variables: an element, or an index and an element; a key, or a key and a value. */
export function itemTypes(
  node: FoldNode,
  range: Type,
  { substitution, issues }: CheckState,
): readonly Type[] {
  const hasTwo = node.variables.length === 2
  switch (range.kind) {
    case 'list':
      return hasTwo ? [INT, parameterOf(range, 0)] : [parameterOf(range, 0)]
    case 'map':
      return [parameterOf(range, 0), parameterOf(range, 1)]
    // Deviation: `any`, the type of a claim, is a range too (`docs/deviations.md`, CEL ranges).
    case 'any':
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
