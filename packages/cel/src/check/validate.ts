import { type Node, nodesOf } from '../syntax/ast.ts'
import type { Problem } from '../syntax/source.ts'
import type { Checked } from './checked.ts'
import { isOptional, isSameType, parameterOf, printedType } from './types.ts'

/**
 * Finds list and map literals with elements of different types, except in the arguments of `format`.
 *
 * Source: cel-go `cel/validator.go` (`homogeneousAggregateLiteralValidator`).
 */
export function mixedLiterals(checked: Checked): readonly Problem[] {
  const exempt = new Set<Node>()
  const problems: Problem[] = []
  for (const node of nodesOf(checked.root)) {
    if (node.kind === 'call' && node.name === 'format') for (const each of nodesOf(node)) exempt.add(each)
    if (exempt.has(node)) continue
    if (node.kind === 'list') problems.push(...mismatches(node.elements, checked).slice(0, 1))
    if (node.kind === 'map') {
      const keys = node.entries.map(({ key }) => ({ value: key, isOptional: false }))
      problems.push(...mismatches(keys, checked), ...mismatches(node.entries, checked))
    }
  }
  return problems
}

/** The items that are not of the type of the first. */
function mismatches(
  items: readonly { readonly value: Node; readonly isOptional: boolean }[],
  checked: Checked,
): readonly Problem[] {
  const [first, ...rest] = items.map(({ value, isOptional: isMarked }) => {
    const type = checked.typeOf(value)
    return { offset: value.offset, type: isMarked && isOptional(type) ? parameterOf(type, 0) : type }
  })
  if (first === undefined) return []
  return rest
    .filter(({ type }) => !isSameType(first.type, type, true))
    .map(({ type, offset }) => ({
      message: `expected type '${printedType(first.type)}' but found '${printedType(type)}'`,
      offset,
    }))
}
