import type { MessageNode } from '../syntax/ast.ts'
import type { CheckState } from './check-state.ts'
import { candidates, findGlobal } from './scope.ts'
import type { Type } from './types.ts'

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
