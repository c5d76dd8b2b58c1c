/** A token of a label selector. `in` and `notin` are of kind `operator`, but may be words if a value is expected. */
export interface LabelToken {
  readonly kind: 'word' | 'operator' | 'end'
  readonly text: string
}

export const END: LabelToken = Object.freeze({ kind: 'end', text: '' })

const WORD_OPERATORS: ReadonlySet<string> = new Set(['in', 'notin'])
const PAIRS: ReadonlySet<string> = new Set(['==', '!='])
const SYMBOLS: ReadonlySet<string> = new Set(['=', '!', '(', ')', ',', '>', '<'])
const BLANKS: ReadonlySet<string> = new Set([' ', '\t', '\r', '\n'])

/**
 * The tokens of a label selector. A NUL ends a word; at the beginning of a token it ends the selector.
 *
 * Source: apimachinery `pkg/labels/selector.go`.
 */
export function labelTokens(text: string): readonly LabelToken[] {
  const tokens: LabelToken[] = []
  let position = 0

  const word = (): LabelToken => {
    const start = position
    while (position < text.length) {
      const character = text[position] ?? ''
      if (character === '\0' || SYMBOLS.has(character) || BLANKS.has(character)) break
      position++
    }
    const found = text.slice(start, position)
    if (text[position] === '\0') position++
    return { kind: WORD_OPERATORS.has(found) ? 'operator' : 'word', text: found }
  }

  const symbols = (): LabelToken => {
    // Every symbol is an operator, and so are some pairs.
    const pair = text.slice(position, position + 2)
    const found = PAIRS.has(pair) ? pair : pair.slice(0, 1)
    position += found.length
    return { kind: 'operator', text: found }
  }

  for (;;) {
    while (BLANKS.has(text[position] ?? '')) position++
    const character = text[position]
    if (character === undefined || character === '\0') return tokens
    tokens.push(SYMBOLS.has(character) ? symbols() : word())
  }
}
