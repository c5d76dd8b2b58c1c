import type { Checked } from '../check/checked.ts'
import type { TypeKind } from '../check/types.ts'
import { Failure } from '../evaluate/evaluation.ts'
import { type CallNode, childrenOf, type Node, nodesOf } from '../syntax/ast.ts'
import type { Problem } from '../syntax/source.ts'
import { type Clause, unsuitable, type Verb } from './text-format-styles.ts'
import { piecesOf } from './text-format.ts'

/**
 * Checks the calls of `format` with a literal format and a list literal of values.
 *
 * Source: cel-go `ext/formatting.go` (`stringFormatValidator`).
 */
export function formatProblems(checked: Checked, isStrict: boolean): readonly Problem[] {
  const problems: Problem[] = []
  for (const node of nodesOf(checked.root)) {
    if (node.kind !== 'call' || node.name !== 'format') continue
    const problem = problemOf(node, checked, isStrict ? STANDARD_KINDS : KINDS)
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}

function problemOf(
  { target, args: [list, ...others], offset }: CallNode,
  checked: Checked,
  kinds: Kinds,
): Problem | undefined {
  if (target?.kind !== 'literal' || typeof target.value !== 'string') return undefined
  if (list?.kind !== 'list' || others.length > 0) return undefined
  let index = 0
  try {
    for (const clause of piecesOf(target.value, list.elements.length, true)) {
      const element = typeof clause === 'string' ? undefined : list.elements[index++]
      if (typeof clause === 'string' || element === undefined) continue
      const misfit = misfitOf(clause, element.value, checked, kinds)
      if (misfit === undefined) continue
      const problem = unsuitable(clause.verb, checked.typeOf(misfit).name)
      return { message: `error during formatting: ${problem}`, offset: misfit.offset }
    }
  } catch (error) {
    if (error instanceof Failure) return { message: error.message, offset }
    throw error
  }
  if (list.elements.length <= index) return undefined
  const counts = `(expected ${index}, got ${list.elements.length})`
  return { message: `too many arguments supplied to string.format ${counts}`, offset }
}

const NUMBERS: readonly TypeKind[] = ['double', 'string']
const HEXADECIMAL: readonly TypeKind[] = ['int', 'uint', 'string', 'bytes']

type Kinds = Readonly<Record<Verb, readonly TypeKind[]>>

const KINDS: Kinds = {
  s: ['string', 'bool', 'bytes', 'int', 'uint', 'double', 'type', 'null', 'timestamp', 'duration'],
  d: ['int', 'uint'],
  f: NUMBERS,
  e: NUMBERS,
  b: ['int', 'uint', 'bool'],
  x: HEXADECIMAL,
  X: HEXADECIMAL,
  o: ['int', 'uint'],
}

const ALL_NUMBERS: readonly TypeKind[] = ['int', 'uint', 'double']

/** In the style of cel-spec, numbers of all types have a decimal form. */
const STANDARD_KINDS: Kinds = { ...KINDS, d: ALL_NUMBERS, f: ALL_NUMBERS, e: ALL_NUMBERS }

/** The part of a value that does not fit a clause. Only `dyn` fits everything: a claim is `any`. */
function misfitOf(clause: Clause, node: Node, checked: Checked, kinds: Kinds): Node | undefined {
  const { kind } = checked.typeOf(node)
  if (kind === 'dyn' || kinds[clause.verb].includes(kind)) return undefined
  if (clause.verb !== 's' || (kind !== 'list' && kind !== 'map')) return node
  const parts = node.kind === 'list' || node.kind === 'map' ? childrenOf(node) : []
  return parts.map((part) => misfitOf(clause, part, checked, kinds)).find((misfit) => misfit !== undefined)
}
