import { Optional } from '@marcbachmann/cel-js'
import type { Checker, Evaluator, LiteralNode, Node, Scope, Type } from '../engine.ts'
import { put } from '../values/map-keys.ts'
import { nodesOf } from './tree.ts'

/** An expression with the marks of optional entries removed. */
export interface WithoutMarks {
  readonly source: string
  /** The positions of the question marks. */
  readonly marks: readonly number[]
}

const STRING = /[bB]?[rR]?(?:'''|"""|'|")/y
const OPERAND_END = /[\w)\]}"']/

/**
 * The parser of cel-js does not support `[?x]` and `{?key: x}`. This replaces the question mark before an entry by a blank, so that
 * positions do not change; {@link applyMarks} restores its meaning.
 */
export function withoutMarks(expression: string): WithoutMarks {
  const marks: number[] = []
  let before = ''
  for (let index = 0; index < expression.length;) {
    const character = expression.charAt(index)
    const end = endOfToken(expression, index)
    const isBlank = /\s/.test(character) || expression.startsWith('//', index)
    if (character === '?' && ['{', ',', '[literal'].includes(before)) marks.push(index)
    if (!isBlank) before = meaning(character, expression.slice(index, end), before)
    index = end
  }
  if (marks.length === 0) return { source: expression, marks }
  const units = Array.from({ length: expression.length }, (_, index) => expression.charAt(index))
  for (const mark of marks) units[mark] = ' '
  return { source: units.join(''), marks }
}

/** What the next token needs to know about this one. */
function meaning(character: string, token: string, before: string): string {
  if (character !== '[') return token === 'in' ? 'in' : token.slice(-1)
  return before !== 'in' && OPERAND_END.test(before) ? '[index' : '[literal'
}

/** The end of the word, string or comment that starts here. */
function endOfToken(expression: string, start: number): number {
  if (expression.startsWith('//', start)) {
    const line = expression.indexOf('\n', start)
    return line === -1 ? expression.length : line
  }
  STRING.lastIndex = start
  const [opening] = STRING.exec(expression) ?? []
  if (opening !== undefined) return endOfString(expression, start, opening)
  const word = /\w+/y
  word.lastIndex = start
  return word.test(expression) ? word.lastIndex : start + 1
}

function endOfString(expression: string, start: number, opening: string): number {
  const quote = opening.replace(/^[bBrR]+/, '')
  const isRaw = /r/i.test(opening)
  for (let index = start + opening.length; index < expression.length; index++) {
    if (expression.startsWith(quote, index)) return index + quote.length
    if (!isRaw && expression.charAt(index) === '\\') index++
  }
  return expression.length
}

/**
 * Makes the entries after the marks optional, and unwraps optional keys.
 *
 * Source: cel-go `cel/library.go`, optional types.
 *
 * @returns the position of a mark that precedes no entry.
 */
export function applyMarks(root: Node, marks: readonly number[]): number | undefined {
  const literals = [...nodesOf(root)].filter(isLiteral)
  const optional = new Map<LiteralNode, Set<number>>()
  for (const mark of marks) {
    const [literal] = literals
      .filter(({ start, end }) => start < mark && mark < end)
      .toSorted((a, b) => b.start - a.start)
    const entries = literal === undefined ? [] : entriesOf(literal)
    const position = entries.filter(({ key, value }) => (key ?? value).start < mark).length
    const previous = entries[position - 1]?.value
    if (literal === undefined || position === entries.length || (previous?.end ?? 0) > mark) return mark
    optional.set(literal, (optional.get(literal) ?? new Set()).add(position))
  }
  for (const literal of literals) {
    const positions = optional.get(literal) ?? new Set()
    const hasOptionalKey = entriesOf(literal).some(({ key }) => key?.op === '.?' || key?.op === '[?]')
    if (positions.size > 0 || hasOptionalKey) checkOptional(literal, positions)
    // cel-js creates plain objects, which support only string keys, and not all of those.
    if (positions.size > 0 || literal.op === 'map') evaluateOptional(literal, positions)
  }
  return undefined
}

/** A list element, or a map key with its value. */
interface Entry {
  readonly key?: Node
  readonly value: Node
}

function checkOptional(literal: LiteralNode, positions: ReadonlySet<number>): void {
  const entries = entriesOf(literal)
  literal.setMeta('check', (checker: Checker, _node: Node, scope: Scope) => {
    const values = entries.map(({ value }, position) => {
      const type = checker.check(value, scope)
      if (!positions.has(position) || type.kind === 'dyn') return type
      if (type.kind === 'optional' && type.valueType !== undefined) return type.valueType
      throw checker.createError('type_mismatch', `expected type 'optional' but found '${type.name}'`, value)
    })
    const valueType = common(checker, values, literal)
    if (literal.op === 'list') return checker.registry.getListType(valueType)
    const keys = entries.flatMap(({ key }) => (key === undefined ? [] : [checker.check(key, scope)]))
    return checker.registry.getMapType(common(checker, keys, literal), valueType)
  })
}

function evaluateOptional(literal: LiteralNode, positions: ReadonlySet<number>): void {
  const entries = entriesOf(literal)
  literal.setMeta('async', false)
  literal.setMeta('evaluate', (evaluator: Evaluator, _node: Node, scope: Scope) => {
    const present = entries.flatMap(({ key, value: node }, position) => {
      const value = evaluator.run(node, scope)
      const name = key === undefined ? undefined : unwrapped(evaluator, evaluator.run(key, scope), key)
      if (!positions.has(position)) return [[name, value] as const]
      if (!(value instanceof Optional))
        throw evaluator.createError('no_such_overload', 'no such overload', node)
      return value.hasValue() ? [[name, unwrapped(evaluator, value, node)] as const] : []
    })
    if (literal.op === 'list') return present.map(([, value]) => value)
    const map = new Map<unknown, unknown>()
    for (const [key, value] of present) put(map, key, value)
    return map
  })
}

function common(checker: Checker, types: readonly Type[], node: Node): Type {
  // Empty lists and `optional.none()` have no definite type.
  const [first = checker.getType('dyn'), ...rest] = types.filter((type) => !type.hasPlaceholderType)
  if (rest.every((type) => type.name === first.name)) return first
  throw checker.createError('type_mismatch', `expected type '${first.name}' but found another`, node)
}

function unwrapped(evaluator: Evaluator, value: unknown, node: Node): unknown {
  if (!(value instanceof Optional)) return value
  if (value.hasValue()) return value.value()
  throw evaluator.createError('no_such_overload', 'no such overload', node)
}

function entriesOf(literal: LiteralNode): readonly Entry[] {
  return literal.op === 'list'
    ? literal.args.map((value) => ({ value }))
    : literal.args.map(([key, value]) => ({ key, value }))
}

function isLiteral(node: Node): node is LiteralNode {
  return node.op === 'list' || node.op === 'map'
}
