import type { Node } from '../syntax/ast.ts'
import { nodesOf } from '../syntax/ast.ts'
import type { Problem } from '../syntax/source.ts'
import type { Checked } from './checked.ts'
import { isOptional, isSameType, parameterOf, printedType, type Type } from './types.ts'

/** The functions whose literal arguments may be of different types. */
const EXEMPT = new Set(['format'])

/**
 * Finds list and map literals with elements of different types.
 *
 * Source: cel-go `cel/validator.go` (`homogeneousAggregateLiteralValidator`).
 */
export function mixedLiterals(checked: Checked): readonly Problem[] {
  const exempt = new Set<Node>()
  const problems: Problem[] = []
  for (const node of nodesOf(checked.root)) {
    if (node.kind === 'call' && EXEMPT.has(node.name)) for (const each of nodesOf(node)) exempt.add(each)
    if (exempt.has(node)) continue
    if (node.kind === 'list') {
      const types = node.elements.map(({ value, isOptional: isMarked }) => itemType(checked, value, isMarked))
      problems.push(
        ...mismatches(
          types,
          node.elements.map(({ value }) => value),
        ).slice(0, 1),
      )
    }
    if (node.kind === 'map') {
      const keys = node.entries.map(({ key }) => key)
      const values = node.entries.map(({ value }) => value)
      const types = node.entries.map(({ value, isOptional: isMarked }) => itemType(checked, value, isMarked))
      problems.push(
        ...mismatches(
          keys.map((key) => checked.typeOf(key)),
          keys,
        ),
        ...mismatches(types, values),
      )
    }
  }
  return problems
}

function itemType(checked: Checked, node: Node, isMarked: boolean): Type {
  const type = checked.typeOf(node)
  return isMarked && isOptional(type) ? parameterOf(type, 0) : type
}

function mismatches([first, ...rest]: readonly Type[], nodes: readonly Node[]): readonly Problem[] {
  if (first === undefined) return []
  return rest.flatMap((type, index) => {
    const node = nodes[index + 1]
    if (node === undefined || isSameType(first, type, true)) return []
    const message = `expected type '${printedType(first)}' but found '${printedType(type)}'`
    return [{ message, offset: node.offset }]
  })
}
