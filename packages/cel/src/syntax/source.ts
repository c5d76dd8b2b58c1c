/** A mistake in an expression. */
export interface Issue {
  readonly message: string
  /** From 1. */
  readonly line: number
  /** From 1, in characters (code points). */
  readonly column: number
}

/** A mistake at an offset in UTF-16 units. */
export interface Problem {
  readonly message: string
  readonly offset: number
}

/** A mistake that ends the parsing, or a constant part that fails. */
export class ExpressionProblem extends Error implements Problem {
  override readonly name = 'ExpressionProblem'
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** Longer lines are not repeated. */
const MAX_SHOWN_LENGTH = 16_384
/** Further mistakes are only counted. */
export const MAX_ISSUES = 100

/** Locates the first problems, in the order of the text. */
export function issuesOf(text: string, problems: readonly Problem[]): readonly Issue[] {
  return problems
    .slice(0, MAX_ISSUES)
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ message, offset }) => {
      const before = text.slice(0, offset)
      const start = before.lastIndexOf('\n') + 1
      return { message, line: before.split('\n').length, column: Array.from(before.slice(start)).length + 1 }
    })
}

/**
 * The issues with their lines, and a mark below each place.
 *
 * @param omitted the number of further issues.
 *
 * Source: cel-go `common/error.go` (`ToDisplayString`).
 */
export function displayed(text: string, issues: readonly Issue[], omitted: number): string {
  const lines = text.split('\n')
  const described = issues.map(({ message, line, column }) => {
    const header = `ERROR: <input>:${line}:${column}: ${message}`
    const shown = (lines[line - 1] ?? '').replaceAll('\t', ' ')
    if (shown.length > MAX_SHOWN_LENGTH) return header
    const characters = Array.from(shown)
    const dots = characters.slice(0, column - 1).map((each) => (isWide(each) ? WIDE_DOT : '.'))
    return `${header}\n | ${shown}\n | ${dots.join('')}${isWide(characters[column - 1] ?? '') ? WIDE_MARK : '^'}`
  })
  return [...described, ...(omitted > 0 ? [`${omitted} more errors were truncated`] : [])].join('\n')
}

const WIDE_DOT = '\uFF0E'
const WIDE_MARK = '\uFF3E'

/** Whether the character takes more than one byte of UTF-8: the mark is as wide, so that it stays below. */
function isWide(character: string): boolean {
  return (character.codePointAt(0) ?? 0) > 0x7f
}
