import { ExpressionProblem } from './source.ts'

/** The kinds of tokens; punctuation and keywords are their own kind. */
export type TokenKind = string

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Offset in UTF-16 units. */
  readonly start: number
}

export const EOF = '<EOF>'
export const IDENTIFIER = 'IDENTIFIER'
export const ESCAPED_IDENTIFIER = 'ESC_IDENTIFIER'
export const STRING = 'STRING'
export const BYTES = 'BYTES'
export const INT = 'NUM_INT'
export const UINT = 'NUM_UINT'
export const FLOAT = 'NUM_FLOAT'

const SPACE = /(?:[\t\n\f\r ]|\/\/[^\n]*)+/y
const NUMBER = /\.?\d/y
const WORD = /[A-Za-z_]\w*/y
const ESCAPED_WORD = /`[\w.\-/ ]+`/y
const PUNCTUATION = /==|!=|<=|>=|&&|\|\||[<>[\](){}.,\-!?:+*/%]/y

const ESCAPE = String.raw`\\(?:[abfnrtv"'\\?\x60]|[0-3][0-7][0-7]|[xX][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})`
/** String literals without a prefix; the triple quotes come first, since the longest match counts. */
const QUOTED = new RegExp(
  [
    `"""(?:${ESCAPE}|[^\\\\])*?"""`,
    `'''(?:${ESCAPE}|[^\\\\])*?'''`,
    `"(?:${ESCAPE}|[^\\\\"\\n\\r])*"`,
    `'(?:${ESCAPE}|[^\\\\'\\n\\r])*'`,
  ].join('|'),
  'y',
)
const RAW_QUOTED = /"""[^]*?"""|'''[^]*?'''|"[^"\n\r]*"|'[^'\n\r]*'/y
const PREFIX = /(?:[bB]?[rR]?)(?=["'])/y

const NUMBERS: readonly (readonly [TokenKind, RegExp])[] = [
  [FLOAT, /\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?/y],
  [UINT, /(?:0x[0-9A-Fa-f]+|\d+)[uU]/y],
  [INT, /0x[0-9A-Fa-f]+|\d+/y],
]

const KEYWORDS: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null'])

/**
 * Reads the token at an offset, after spaces and comments.
 *
 * Source: cel-go `parser/gen/CEL.g4`.
 *
 * @throws {ExpressionProblem} with the message of cel-go.
 */
export function tokenAt(text: string, offset: number): Token {
  const start = offset + (matchAt(SPACE, text, offset)?.length ?? 0)
  if (start >= text.length) return { kind: EOF, text: EOF, start: text.length }
  const found = stringAt(text, start) ?? numberAt(text, start) ?? wordAt(text, start)
  if (found !== undefined) return found
  const sign = matchAt(PUNCTUATION, text, start)
  if (sign !== undefined) return { kind: sign, text: sign, start }
  throw unrecognized(text, start)
}

function stringAt(text: string, start: number): Token | undefined {
  const prefix = matchAt(PREFIX, text, start)
  if (prefix === undefined) return undefined
  const body = matchAt(/r/i.test(prefix) ? RAW_QUOTED : QUOTED, text, start + prefix.length)
  if (body === undefined) return undefined
  return { kind: /b/i.test(prefix) ? BYTES : STRING, text: prefix + body, start }
}

function numberAt(text: string, start: number): Token | undefined {
  if (matchAt(NUMBER, text, start) === undefined) return undefined
  for (const [kind, form] of NUMBERS) {
    const number = matchAt(form, text, start)
    if (number !== undefined) return { kind, text: number, start }
  }
  return undefined
}

function wordAt(text: string, start: number): Token | undefined {
  const word = matchAt(WORD, text, start)
  if (word !== undefined) return { kind: KEYWORDS.has(word) ? word : IDENTIFIER, text: word, start }
  const escaped = matchAt(ESCAPED_WORD, text, start)
  return escaped === undefined ? undefined : { kind: ESCAPED_IDENTIFIER, text: escaped, start }
}

function matchAt(pattern: RegExp, text: string, start: number): string | undefined {
  pattern.lastIndex = start
  return pattern.exec(text)?.[0]
}

const CUT_ESCAPE = String.raw`(?:\\(?:[0-3][0-7]?|[xX][0-9A-Fa-f]?|u[0-9A-Fa-f]{0,3}|U[0-9A-Fa-f]{0,7})?)?`
const QUOTED_BEGINNING = new RegExp(
  [
    `"""(?:${ESCAPE}|[^\\\\])*${CUT_ESCAPE}`,
    `'''(?:${ESCAPE}|[^\\\\])*${CUT_ESCAPE}`,
    `"(?:${ESCAPE}|[^\\\\"\\n\\r])*${CUT_ESCAPE}`,
    `'(?:${ESCAPE}|[^\\\\'\\n\\r])*${CUT_ESCAPE}`,
  ].join('|'),
  'y',
)
const RAW_BEGINNING = /"""[^]*|'''[^]*|"[^"\n\r]*|'[^'\n\r]*/y

/** No token starts here. */
export class LexicalProblem extends ExpressionProblem {
  /** Where the next token may start, in UTF-16 units. */
  readonly end: number

  constructor(message: string, offset: number, end: number) {
    super(message, offset)
    this.end = end
  }
}

/** The beginning of a token, with the character that does not continue it. */
function unrecognized(text: string, start: number): ExpressionProblem {
  const prefix = matchAt(PREFIX, text, start) ?? ''
  const form = /r/i.test(prefix) ? RAW_BEGINNING : QUOTED_BEGINNING
  const quoted = matchAt(form, text, start + prefix.length)
  const beginning =
    quoted === undefined ? (matchAt(/[=&|]|`[\w.\-/ ]*/y, text, start) ?? '') : prefix + quoted
  const next = text.codePointAt(start + beginning.length)
  const shown = beginning + (next === undefined ? '' : String.fromCodePoint(next))
  return new LexicalProblem(
    `Syntax error: token recognition error at: '${shown}'`,
    start,
    start + shown.length,
  )
}
