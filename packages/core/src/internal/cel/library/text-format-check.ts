import { isCelEvaluationError } from '../cel.ts'
import type { Check, Checker, MethodCallNode, Node, Scope, Type } from '../engine.ts'
import { nodesOf } from '../syntax/tree.ts'
import { commonType, isClaim, printedType } from '../types.ts'
import type { Clause } from './text-format-clauses.ts'
import { piecesOf } from './text-format.ts'

/**
 * Checks a call of `format` with literal format and values.
 *
 * Source: cel-go `ext/formatting.go` (`stringFormatValidator`).
 */
export function checkTextFormat(checker: Checker, call: MethodCallNode, scope: Scope): void {
  const [, format, [values]] = call.args
  if (format.op !== 'value' || typeof format.args !== 'string' || values?.op !== 'list') return
  const fail = (message: string, node: Node): never => {
    throw checker.createError('invalid_format', message, node)
  }
  const clauses = clausesOf(format.args, (message) => fail(message, call))
  for (const [index, clause] of clauses.entries()) {
    const value = values.args[index]
    if (value === undefined) fail(`index ${index} out of range`, call)
    else {
      const wrong = misfit(checker, clause, value, scope)
      if (wrong !== undefined)
        fail(`error during formatting: ${PROBLEMS[clause.verb]}, was given ${wrong.type}`, wrong.node)
    }
  }
  const extra = values.args.length - clauses.length
  if (extra > 0) {
    const counts = `(expected ${clauses.length}, got ${values.args.length})`
    fail(`too many arguments supplied to string.format ${counts}`, call)
  }
}

function clausesOf(format: string, fail: (message: string) => never): readonly Clause[] {
  try {
    return piecesOf(format).filter((piece) => typeof piece !== 'string')
  } catch (error) {
    return fail(isCelEvaluationError(error) ? error.message : 'invalid format')
  }
}

const TYPES: Readonly<Record<Clause['verb'], readonly string[]>> = {
  s: 'string bool bytes int uint double type null google.protobuf.Timestamp google.protobuf.Duration'.split(
    ' ',
  ),
  d: ['int', 'uint'],
  f: ['double', 'string'],
  e: ['double', 'string'],
  b: ['int', 'uint', 'bool'],
  x: ['int', 'uint', 'string', 'bytes'],
  X: ['int', 'uint', 'string', 'bytes'],
  o: ['int', 'uint'],
}

const HEXADECIMAL = 'only integers, byte buffers, and strings can be formatted as hex'
const PROBLEMS: Readonly<Record<Clause['verb'], string>> = {
  s: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  d: 'decimal clause can only be used on integers',
  f: 'fixed-point clause can only be used on doubles',
  e: 'scientific clause can only be used on doubles',
  b: 'only integers and bools can be formatted as binary',
  x: HEXADECIMAL,
  X: HEXADECIMAL,
  o: 'octal clause can only be used on integers',
}

interface Misfit {
  readonly node: Node
  readonly type: string
}

/** The part of a value that does not fit a clause. */
function misfit(checker: Checker, clause: Clause, node: Node, scope: Scope): Misfit | undefined {
  const type = checker.check(node, scope)
  if (isClaim(node)) return { node, type: 'any' }
  if (type.kind === 'dyn' || TYPES[clause.verb].includes(type.name)) return undefined
  if (clause.verb !== 's' || !isAggregate(type)) return { node, type: printedType(type.name) }
  const children = node.op === 'list' ? node.args : node.op === 'map' ? node.args.flat() : []
  for (const child of children) {
    const wrong = misfit(checker, clause, child, scope)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function isAggregate({ kind }: Type): boolean {
  return kind === 'list' || kind === 'map'
}

export function isFormatCall(node: Node): node is Extract<Node, { readonly op: 'rcall' }> {
  return node.op === 'rcall' && node.args[0] === 'format'
}

/** The list and map literals, at any depth. */
export function literalsWithin(roots: readonly Node[]): readonly Node[] {
  return roots.flatMap((root) => [...nodesOf(root)]).filter(({ op }) => op === 'list' || op === 'map')
}

/** Allows a list or map literal of mixed types, for values to be formatted. */
export function mixtureCheck(node: Node): Check | undefined {
  if (node.op === 'list') {
    return (checker, _node, scope) => checker.registry.getListType(commonOf(checker, node.args, scope))
  }
  if (node.op !== 'map') return undefined
  const [keys, values] = [node.args.map(([key]) => key), node.args.map(([, value]) => value)]
  return (checker, _node, scope) =>
    checker.registry.getMapType(commonOf(checker, keys, scope), commonOf(checker, values, scope))
}

function commonOf(checker: Checker, nodes: readonly Node[], scope: Scope): Type {
  return commonType(
    checker,
    nodes.map((node) => checker.check(node, scope)),
  )
}
