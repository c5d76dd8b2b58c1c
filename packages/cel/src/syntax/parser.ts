import { type Node, OPERATORS } from './ast.ts'
import { type Dialect, Primaries } from './primaries.ts'
import { EOF, ESCAPED_IDENTIFIER, IDENTIFIER, type Token } from './lexer.ts'
import { type Problem, ExpressionProblem } from './source.ts'
import { START_OF_EXPRESSION } from './tokens.ts'

export type Parsed =
  | { readonly root: Node; readonly problems?: never }
  | { readonly problems: readonly Problem[] }

/**
 * Parses an expression and expands its macros.
 *
 * Source: cel-go `parser/parser.go`, `parser/gen/CEL.g4`.
 *
 * Deviation: the first syntax error ends the parsing (`docs/deviations.md`, CEL syntax errors).
 */
export function parse(text: string, dialect: Dialect): Parsed {
  // Characters are counted only if there may be too many.
  const length = text.length > dialect.maxLength ? Array.from(text).length : 0
  if (length > dialect.maxLength) {
    const message = `expression code point size exceeds limit: size: ${length}, limit ${dialect.maxLength}`
    return { problems: [{ message, offset: 0 }] }
  }
  const problems: Problem[] = []
  try {
    const root = new Parser(text, dialect, problems).whole()
    if (problems.length === 0) return { root }
  } catch (error) {
    if (!(error instanceof ExpressionProblem)) throw error
    problems.push(error)
  }
  return { problems }
}

/** The levels of operators that are left-associative, the weakest first. The right side of each is its rule of the grammar again. */
const LEVELS: readonly (readonly [rule: Rule, isRule: boolean, names: ReadonlyMap<string, string>])[] = [
  ['relation', true, named('in', '==', '!=', '<', '<=', '>', '>=')],
  ['calc', true, named('+', '-')],
  ['calc', false, named('*', '/', '%')],
]

function named(...signs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(signs.map((sign) => [sign, sign === 'in' ? OPERATORS.in : `_${sign}_`]))
}

/** A recursive descent over the rules of the grammar, with its levels of precedence. */
class Parser extends Primaries {
  /** How often each rule is being parsed. */
  readonly #depths: Record<Rule, number> = { expr: 0, relation: 0, calc: 0 }

  whole(): Node {
    const node = this.expression([EOF])
    if (this.tokens.current.kind !== EOF) throw this.tokens.unexpected([EOF])
    return node
  }

  protected override parse(ends: readonly string[]): Node {
    return this.#within('expr', () => {
      const condition = this.#disjunction()
      const mark = this.tokens.takeIf('?')
      if (mark === undefined) return condition
      const consequent = this.endingWith([':'], () => this.beside(() => this.#disjunction()))
      this.tokens.expect(':', START_OF_EXPRESSION)
      const alternative = this.expression(ends)
      this.#raise(mark)
      return this.call(OPERATORS.conditional, [condition, consequent, alternative], mark)
    })
  }

  #disjunction(): Node {
    return this.#logic('||', OPERATORS.or, () => this.#logic('&&', OPERATORS.and, () => this.#binary(0)))
  }

  #logic(sign: string, name: string, operand: () => Node): Node {
    const first = operand()
    if (this.tokens.current.kind !== sign) return first
    const { start: offset } = this.tokens.current
    const args = [first]
    while (this.tokens.takeIf(sign) !== undefined) args.push(this.beside(operand))
    return { kind: 'call', name, target: undefined, args, offset }
  }

  #binary(index: number): Node {
    const level = LEVELS[index]
    if (level === undefined) return this.#unary()
    const [rule, isRule, names] = level
    const operand = (): Node => this.#binary(index + 1)
    const chain = (): Node => {
      let node = operand()
      for (let name = names.get(this.tokens.current.kind); name !== undefined;) {
        const sign = this.tokens.take()
        const right = this.beside(() => this.#within(rule, operand))
        this.#raise(sign)
        node = this.call(name, [node, right], sign)
        name = names.get(this.tokens.current.kind)
      }
      return node
    }
    return isRule ? this.#within(rule, chain) : chain()
  }

  #unary(): Node {
    const { kind } = this.tokens.current
    if (kind === '!') return this.#signed(kind, OPERATORS.not)
    if (kind !== '-') return this.#suffixes(this.primary())
    this.tokens.checkMinus()
    const number = this.negativeNumber()
    return number === undefined ? this.#signed(kind, OPERATORS.negate) : this.#suffixes(number)
  }

  #signed(sign: '!' | '-', name: string): Node {
    const first = this.tokens.take()
    let count = 1
    for (; this.tokens.current.kind === sign; count++) {
      if (sign === '-') this.tokens.checkMinus()
      this.tokens.take()
    }
    this.tokens.checkOperand()
    const number = sign === '!' ? this.negativeNumber() : undefined
    const operand = this.#suffixes(number ?? this.primary())
    return count % 2 === 0 ? operand : this.call(name, [operand], first)
  }

  #suffixes(primary: Node): Node {
    let node = primary
    for (let { current } = this.tokens; ; { current } = this.tokens) {
      const next = this.#suffix(node)
      if (next === undefined) return node
      this.#raise(current)
      node = next
    }
  }

  #suffix(operand: Node): Node | undefined {
    const { kind } = this.tokens.current
    if (kind === '.') return this.#selection(operand, this.tokens.take())
    if (kind !== '[') return undefined
    const bracket = this.tokens.take()
    const isOptional = this.optionalMark('[?', bracket)
    const index = this.expression([']'], isOptional ? [] : ['?'])
    this.expectEnd(']')
    return this.call(isOptional ? OPERATORS.optionalIndex : OPERATORS.index, [operand, index], bracket)
  }

  #selection(operand: Node, dot: Token): Node {
    const isOptional = this.optionalMark('.?', dot)
    const { kind } = this.tokens.current
    if (kind !== IDENTIFIER && kind !== ESCAPED_IDENTIFIER) {
      throw isOptional ? this.tokens.unexpected([IDENTIFIER, ESCAPED_IDENTIFIER]) : this.tokens.noViable(dot)
    }
    const name = this.tokens.take()
    this.checkEscaped(name)
    const field = name.kind === ESCAPED_IDENTIFIER ? name.text.slice(1, -1) : name.text
    if (isOptional) {
      const literal: Node = { kind: 'literal', value: field, offset: name.start }
      return this.call(OPERATORS.optionalSelect, [operand, literal], dot)
    }
    if (this.tokens.current.kind === '(' && name.kind === IDENTIFIER) {
      const bracket = this.tokens.take()
      return this.call(field, this.args(), bracket, operand)
    }
    return { kind: 'select', operand, field, isTest: false, offset: dot.start }
  }

  /**
   * Parses a rule of the grammar that can contain itself.
   *
   * Source: cel-go `parser/parser.go` (`recursionListener`).
   */
  #within<T>(rule: Rule, read: () => T): T {
    if (this.#depths[rule] === MAX_DEPTH)
      throw new ExpressionProblem(
        `expression recursion limit exceeded: ${MAX_DEPTH}`,
        this.tokens.current.start,
      )
    this.#depths[rule]++
    const parsed = read()
    this.#depths[rule]--
    return parsed
  }

  /**
   * Counts an operator, selection or call above its operands.
   *
   * Source: cel-go `parser/parser.go` (`checkAndIncrementRecursionDepth`).
   */
  #raise({ start }: Token): void {
    this.height++
    if (this.height > MAX_DEPTH) throw new ExpressionProblem('max recursion depth exceeded', start)
  }
}

const MAX_DEPTH = 250

/** The rules of the grammar that can contain themselves without a bracket. */
type Rule = 'expr' | 'relation' | 'calc'
