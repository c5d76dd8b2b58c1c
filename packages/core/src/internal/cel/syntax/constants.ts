import { type CallNode, isChangeable, type Node } from '../engine.ts'
import { evaluationError } from '../error-text.ts'
import type { Issue } from '../issues.ts'
import { MAX_INT } from '../values/numbers.ts'
import { nodesOf } from './tree.ts'

/** Conversion functions, under their names in cel-js: ours are capitalised. */
const CONVERSIONS: ReadonlySet<string> = new Set(
  'Bool bytes Double Duration Int String Timestamp Uint'.split(' '),
)

/** Conversions whose invalid literals have their own error message. */
const LITERALS: ReadonlyMap<string, 'duration' | 'timestamp'> = new Map([
  ['Duration', 'duration'],
  ['Timestamp', 'timestamp'],
])

/** The error of an integer literal that exceeds 64 bits. */
export function numberIssue(root: Node): Issue | undefined {
  const smallest = new Set<Node>()
  for (const node of nodesOf(root)) {
    if (node.op === '-_' && node.args.op === 'value' && node.args.args === MAX_INT + 1n)
      smallest.add(node.args)
    if (node.op !== 'value' || typeof node.args !== 'bigint' || smallest.has(node)) continue
    if (node.args > MAX_INT) return { message: 'invalid int literal', position: node.start }
  }
  return undefined
}

/** The error of a constant conversion, and its position. */
export interface FailedConversion extends Issue {
  /** The kind of the invalid literal: a timestamp or a duration. */
  readonly literal: 'duration' | 'timestamp' | undefined
}

/**
 * Evaluates conversions of constants once at compile time, which also reports their errors before any token arrives.
 *
 * Source: cel-go `interpreter/decorators.go`, `cel/validator.go`.
 *
 * @param root a checked tree.
 */
export function convertConstants(root: Node): FailedConversion | undefined {
  const constants = new Map<Node, unknown>()
  // Children come before their parents.
  for (const node of [...nodesOf(root)].toReversed()) {
    if (node.op === 'value') constants.set(node, node.args)
    if (node.op === '-_' && node.args.op === 'value') constants.set(node, opposite(node.args.args))
    if (!isConversion(node)) continue
    const [argument] = node.args[1]
    if (argument === undefined || !constants.has(argument)) continue
    try {
      const value = node.handle([constants.get(argument)], node)
      constants.set(node, value)
      if (isChangeable(node)) node.setMeta('evaluate', () => value)
    } catch (error) {
      const literal = argument.op === 'call' ? undefined : LITERALS.get(node.args[0])
      return { message: evaluationError(error).message, position: argument.start, literal }
    }
  }
  return undefined
}

/** Negates a number. */
function opposite(value: unknown): unknown {
  return typeof value === 'bigint' || typeof value === 'number' ? -value : value
}

function isConversion(node: Node): node is CallNode {
  return node.op === 'call' && CONVERSIONS.has(node.args[0]) && node.args[1].length === 1
}
