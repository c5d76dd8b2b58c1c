import { type CallNode, isChangeable, type Node } from '../engine.ts'
import { evaluationError } from '../error-text.ts'
import type { Issue } from '../issues.ts'
import { MAX_INT } from '../values/numbers.ts'
import { nodesOf } from './tree.ts'

/** Functions that make a value of one type out of one of another, as they are called here and as they are written. */
const CONVERSIONS: ReadonlySet<string> = new Set(
  'Bool bytes Double Duration Int String Timestamp Uint'.split(' '),
)

/** Those that are told of where they are written out. */
const LITERALS: ReadonlyMap<string, 'duration' | 'timestamp'> = new Map([
  ['Duration', 'duration'],
  ['Timestamp', 'timestamp'],
])

/** What is wrong with a number that is written out: an `int` has 64 bits. */
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

/** What a conversion of a constant came to: an error, and where. */
export interface FailedConversion extends Issue {
  /** What is written out wrongly: a time or a duration. */
  readonly literal: 'duration' | 'timestamp' | undefined
}

/**
 * Converts what does not depend on anything, so that it is done once, and shows before anybody is asked about a token.
 *
 * Source: cel-go `interpreter/decorators.go`, `cel/validator.go`.
 *
 * @param root checked.
 */
export function convertConstants(root: Node): FailedConversion | undefined {
  const constants = new Map<Node, unknown>()
  // What is below a node comes before it.
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

/** A number with a sign. */
function opposite(value: unknown): unknown {
  return typeof value === 'bigint' || typeof value === 'number' ? -value : value
}

function isConversion(node: Node): node is CallNode {
  return node.op === 'call' && CONVERSIONS.has(node.args[0]) && node.args[1].length === 1
}
