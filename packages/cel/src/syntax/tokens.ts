import {
  BYTES,
  EOF,
  ESCAPED_IDENTIFIER,
  FLOAT,
  IDENTIFIER,
  INT,
  LexicalProblem,
  STRING,
  type Token,
  tokenAt,
  type TokenKind,
  UINT,
} from './lexer.ts'
import { ExpressionProblem } from './source.ts'

/** Literals and names. */
const OPERANDS: readonly TokenKind[] = [FLOAT, INT, UINT, STRING, BYTES, IDENTIFIER]

/** The kinds in the order in which the parser of cel-go names them. */
const ORDER: readonly TokenKind[] = [
  EOF,
  ...'== != in < <= >= > && || [ ] { } ( ) . , - ! ? : + * / % true false null'.split(' '),
  ...OPERANDS,
  ESCAPED_IDENTIFIER,
]

export const START_OF_EXPRESSION: readonly TokenKind[] = [
  ...'[ { ( . - ! true false null'.split(' '),
  ...OPERANDS,
]

/** What can follow an operand besides the end of what encloses it. */
const CONTINUATIONS = new Set('== != in < <= >= > && || [ . - ? + * / %'.split(' '))

const CLOSING = new Set([')', ']', '}'])

/** What an operand can start with, besides the minus sign of a number. */
const STARTS_OF_OPERAND: ReadonlySet<TokenKind> = new Set(
  START_OF_EXPRESSION.filter((kind) => kind !== '-' && kind !== '!'),
)

/**
 * The tokens of an expression, read on demand, and the errors of the parser of cel-go for tokens that do not fit.
 *
 * Source: ANTLR 4 `DefaultErrorStrategy`.
 */
export class Tokens {
  readonly #text: string
  #current: Token
  #next: Token | undefined

  constructor(text: string) {
    this.#text = text
    this.#current = tokenAt(text, 0)
  }

  get current(): Token {
    return this.#current
  }

  get next(): Token {
    const { start, text, kind } = this.#current
    this.#next ??= kind === EOF ? this.#current : tokenAt(this.#text, start + text.length)
    return this.#next
  }

  take(): Token {
    const taken = this.#current
    this.#current = this.next
    this.#next = undefined
    return taken
  }

  takeIf(kind: TokenKind): Token | undefined {
    return this.#current.kind === kind ? this.take() : undefined
  }

  /** @throws {ExpressionProblem} if the current minus sign precedes neither an operand nor another one. */
  checkMinus(): void {
    const dash = this.#current
    const { kind } = this.next
    if (kind === '-' || STARTS_OF_OPERAND.has(kind)) return
    this.take()
    throw this.noViable(dash)
  }

  /** @throws {ExpressionProblem} if the current token starts no operand. */
  checkOperand(): void {
    const { kind } = this.#current
    if (kind === '-') {
      const dash = this.#current
      if (this.next.kind === INT || this.next.kind === FLOAT) return
      this.take()
      throw this.noViable(dash)
    }
    if (!STARTS_OF_OPERAND.has(kind)) throw this.problem('extraneous input', EXPECTING_EXPRESSION)
  }

  /** Whether the text from here on has this form. */
  isBefore(form: RegExp): boolean {
    form.lastIndex = this.#current.start
    return form.test(this.#text)
  }

  /** Takes a token of this kind. @param followers the kinds that may follow it, besides operators after a bracket. */
  expect(kind: TokenKind, followers: readonly TokenKind[]): Token {
    const taken = this.takeIf(kind)
    if (taken !== undefined) return taken
    const { kind: found } = this.#current
    const isMissing =
      this.#kindAfter() !== kind &&
      (followers.includes(found) || (CLOSING.has(kind) && CONTINUATIONS.has(found)))
    if (isMissing) throw this.problem(`missing ${named(kind)} at`)
    throw this.unexpected([kind])
  }

  /** The error of a token where only these kinds are expected. */
  unexpected(expected: readonly TokenKind[]): ExpressionProblem {
    const isExtraneous = expected.includes(this.#kindAfter())
    return this.problem(isExtraneous ? 'extraneous input' : 'mismatched input', expecting(expected))
  }

  noViable(dot: Token): ExpressionProblem {
    const { kind, text, start } = this.#current
    // As in cel-go, white space makes a difference.
    const isAdjacent = start === dot.start + 1
    if (isAdjacent && (kind === 'true' || kind === 'false' || kind === 'null')) {
      return new ExpressionProblem(`Syntax error: mismatched input '${kind}' expecting IDENTIFIER`, start)
    }
    const input = this.#text.slice(dot.start, kind === EOF ? this.#text.length : start + text.length)
    return new ExpressionProblem(`Syntax error: no viable alternative at input '${visible(input)}'`, start)
  }

  problem(what: string, ending = ''): ExpressionProblem {
    const { text, start } = this.#current
    return new ExpressionProblem(`Syntax error: ${what} '${visible(text)}'${ending}`, start)
  }

  #kindAfter(): TokenKind {
    const { start, text, kind } = this.#current
    if (kind === EOF) return EOF
    for (let at = start + text.length; ;) {
      try {
        return tokenAt(this.#text, at).kind
      } catch (error) {
        if (!(error instanceof LexicalProblem)) throw error
        at = error.end
      }
    }
  }
}

function expecting(expected: readonly TokenKind[]): string {
  const list = ORDER.filter((kind) => expected.includes(kind)).map(named)
  return ` expecting ${list.length === 1 ? (list[0] ?? '') : `{${list.join(', ')}}`}`
}

const EXPECTING_EXPRESSION = expecting(START_OF_EXPRESSION)

function named(kind: TokenKind): string {
  return /^[A-Z]+(?:_[A-Z]+)?$|^<EOF>$/.test(kind) ? kind : `'${kind}'`
}

function visible(text: string): string {
  return text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
}
