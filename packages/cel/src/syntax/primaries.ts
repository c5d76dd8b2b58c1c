import type { ListNode, LiteralValue, MapNode, Node } from './ast.ts'
import { BYTES, ESCAPED_IDENTIFIER, FLOAT, IDENTIFIER, INT, STRING, type Token, UINT } from './lexer.ts'
import { bytesLiteral, doubleLiteral, intLiteral, stringLiteral, uintLiteral } from './literals.ts'
import { type Problem, ExpressionProblem } from './source.ts'
import { START_OF_EXPRESSION, Tokens } from './tokens.ts'
import type { Macros } from './macros.ts'

/** The syntax of an environment. */
export interface Dialect {
  readonly macros: Macros
  /** Maximum length in characters. */
  readonly maxLength: number
  /** Whether `.?`, `[?` and `{?` are allowed. */
  readonly hasOptionals: boolean
  /** Whether a field may be quoted with backticks. */
  readonly hasEscapedFields: boolean
}

/** The words that are not names of variables or functions. */
export const RESERVED: ReadonlySet<string> = new Set(
  (
    'as break const continue else false for function if import in let loop package namespace null return true var ' +
    'void while'
  ).split(' '),
)

/** The literals, names and brackets of the grammar. */
export abstract class Primaries {
  protected readonly tokens: Tokens
  readonly #dialect: Dialect
  readonly #problems: Problem[]
  #ends: readonly string[] = []
  /** The kinds that are expected instead of an expression that starts with this token. */
  #alternatives: { readonly token?: Token; readonly kinds: readonly string[] } = { kinds: [] }

  constructor(text: string, dialect: Dialect, problems: Problem[]) {
    this.tokens = new Tokens(text)
    this.#dialect = dialect
    this.#problems = problems
  }

  /**
   * @param ends the kinds of tokens that end it.
   * @param alternatives the kinds that are expected instead of it.
   */
  protected expression(ends: readonly string[], alternatives: readonly string[] = []): Node {
    this.#alternatives = { token: this.tokens.current, kinds: alternatives }
    return this.endingWith(ends, () => this.beside(() => this.parse(ends)))
  }

  /** How many operators, selections and calls are above each other in the operand that is being parsed. */
  protected height = 0

  /** Parses another operand of the same operator. */
  protected beside<T>(read: () => T): T {
    const { height } = this
    this.height = 0
    const parsed = read()
    this.height = Math.max(height, this.height)
    return parsed
  }

  protected abstract parse(ends: readonly string[]): Node

  /** Parses something that ends with such a token. */
  protected endingWith<T>(ends: readonly string[], read: () => T): T {
    const outer = this.#ends
    this.#ends = ends
    const parsed = read()
    this.#ends = outer
    return parsed
  }

  /** Takes a closing bracket. */
  protected expectEnd(kind: string): void {
    this.tokens.expect(kind, this.#ends)
  }

  /** Reports a mistake after which the parsing goes on. */
  protected report(message: string, offset: number): Node {
    this.#problems.push({ message, offset })
    return { kind: 'literal', value: null, offset }
  }

  protected call(name: string, args: readonly Node[], { start: offset }: Token, target?: Node): Node {
    const macro = this.#dialect.macros.find(name, args.length, target !== undefined)
    try {
      const expanded = macro?.({ target, args, offset })
      if (expanded !== undefined) return expanded
    } catch (error) {
      if (!(error instanceof ExpressionProblem)) throw error
      return this.report(error.message, error.offset)
    }
    return { kind: 'call', name, target, args, offset }
  }

  protected primary(): Node {
    const token = this.tokens.current
    switch (token.kind) {
      case '(': {
        this.tokens.take()
        const node = this.expression([')'])
        this.expectEnd(')')
        return node
      }
      case '[':
        return this.#list(this.tokens.take())
      case '{':
        return this.#map(this.tokens.take())
      case '.':
        return this.#name(this.tokens.take())
      case IDENTIFIER:
        return this.#name(undefined)
      default:
        if (!START_OF_EXPRESSION.includes(token.kind) || token.kind === '-' || token.kind === '!') {
          const { token: first, kinds } = this.#alternatives
          throw this.tokens.unexpected([...START_OF_EXPRESSION, ...(token === first ? kinds : [])])
        }
        return this.#literal(this.tokens.take())
    }
  }

  /** A number with a minus sign, such as `-1`. */
  protected negativeNumber(): Node | undefined {
    if (this.tokens.current.kind !== '-') return undefined
    const { kind: next } = this.tokens.next
    if (next !== INT && next !== FLOAT) return undefined
    const { start } = this.tokens.take()
    const { kind, text } = this.tokens.take()
    return this.#literal({ kind, text: `-${text}`, start })
  }

  /** The arguments of a call, up to the closing bracket. */
  protected args(): readonly Node[] {
    if (this.tokens.takeIf(')') !== undefined) return []
    const args = [this.expression([',', ')'], [')'])]
    while (this.tokens.takeIf(',') !== undefined) args.push(this.expression([',', ')']))
    this.expectEnd(')')
    return args
  }

  #literal({ kind, text, start: offset }: Token): Node {
    switch (kind) {
      case 'true':
      case 'false':
        return { kind: 'literal', value: kind === 'true', offset }
      case 'null':
        return { kind: 'literal', value: null, offset }
      default: {
        const [read, problem] = LITERALS.get(kind) ?? [() => undefined, '']
        const value = read(text)
        return value === undefined ? this.report(problem, offset) : { kind: 'literal', value, offset }
      }
    }
  }

  /** A variable, a call of a function, or a message. */
  #name(dot: Token | undefined): Node {
    if (dot !== undefined && this.tokens.current.kind !== IDENTIFIER) throw this.tokens.noViable(dot)
    const { text, start } = this.tokens.take()
    const name = dot === undefined ? text : `.${text}`
    const bracket = this.tokens.takeIf('(')
    if (bracket === undefined && this.#isMessage()) return this.#message(name)
    const args = bracket === undefined ? [] : this.args()
    if (RESERVED.has(text)) return this.report(`reserved identifier: ${text}`, dot?.start ?? start)
    return bracket === undefined ? { kind: 'ident', name, offset: start } : this.call(name, args, bracket)
  }

  /** Whether names and dots up to a brace follow. */
  #isMessage(): boolean {
    return this.tokens.isBefore(/(?:\s*\.\s*[A-Za-z_]\w*)*\s*\{/y)
  }

  #message(first: string): Node {
    let name = first
    while (this.tokens.takeIf('.') !== undefined) name += `.${this.tokens.take().text}`
    const { start: offset } = this.tokens.take()
    this.#items('}', FIELD, () => {
      this.#field()
      this.tokens.expect(':', START_OF_EXPRESSION)
      this.expression([',', '}'])
    })
    return { kind: 'message', name, offset }
  }

  #field(): void {
    const { kind } = this.tokens.current
    if (kind !== IDENTIFIER && kind !== ESCAPED_IDENTIFIER)
      throw this.tokens.unexpected([IDENTIFIER, ESCAPED_IDENTIFIER])
    this.checkEscaped(this.tokens.take())
  }

  /** Takes a question mark. It is reported at `place` if there are no optionals. */
  protected optionalMark(syntax: string, place: Token): boolean {
    if (this.tokens.takeIf('?') === undefined) return false
    if (!this.#dialect.hasOptionals) this.report(`unsupported syntax '${syntax}'`, place.start)
    return true
  }

  /** Reports a quoted field where they are not allowed. */
  protected checkEscaped({ kind, start }: Token): void {
    if (kind === ESCAPED_IDENTIFIER && !this.#dialect.hasEscapedFields) {
      this.report("unsupported syntax: '`'", start)
    }
  }

  #list({ start: offset }: Token): Node {
    const elements: ListNode['elements'][number][] = []
    this.#items(']', ELEMENT, (isOptional) => {
      elements.push({ value: this.expression([',', ']']), isOptional })
    })
    return { kind: 'list', elements, offset }
  }

  #map({ start: offset }: Token): Node {
    const entries: MapNode['entries'][number][] = []
    this.#items('}', ELEMENT, (isOptional) => {
      const key = this.expression([':'])
      this.tokens.expect(':', START_OF_EXPRESSION)
      entries.push({ key, value: this.expression([',', '}']), isOptional })
    })
    return { kind: 'map', entries, offset }
  }

  /** Items with commas between them, and one at the end if you like, or only a comma. @param starts the kinds of tokens that start an item. */
  #items(end: string, starts: readonly string[], read: (isOptional: boolean) => void): void {
    const isItem = (): boolean => starts.includes(this.tokens.current.kind)
    const { kind } = this.tokens.current
    if (!isItem() && kind !== end && kind !== ',') throw this.tokens.unexpected([...starts, end, ','])
    while (isItem()) {
      read(this.optionalMark('?', this.tokens.current))
      const { kind: next } = this.tokens.current
      if (next !== end && next !== ',') throw this.tokens.unexpected([end, ','])
      if (this.tokens.takeIf(',') === undefined || !isItem()) {
        this.expectEnd(end)
        return
      }
    }
    this.tokens.takeIf(',')
    this.expectEnd(end)
  }
}

/** What an element of a list, or an entry of a map, starts with. */
const ELEMENT: readonly string[] = [...START_OF_EXPRESSION, '?']
/** What a field of a message starts with. */
const FIELD: readonly string[] = [IDENTIFIER, ESCAPED_IDENTIFIER, '?']

type ReadLiteral = (text: string) => LiteralValue | undefined

const LITERALS = new Map<string, readonly [read: ReadLiteral, problem: string]>([
  [INT, [intLiteral, 'invalid int literal']],
  [UINT, [uintLiteral, 'invalid uint literal']],
  [FLOAT, [doubleLiteral, 'invalid double literal']],
  [STRING, [stringLiteral, 'invalid unicode code point']],
  [BYTES, [bytesLiteral, 'unable to unescape string']],
])
