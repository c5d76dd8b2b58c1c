import type { Node } from '../syntax/ast.ts'
import type { CheckState } from './check-state.ts'
import { DYN, isDynamicOrError, parameterOf, printedType, type Type } from './types.ts'

/** The type of a field of a value of this type. */
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
