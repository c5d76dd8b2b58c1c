/** More nesting than this is refused, in JSON as in YAML. */
export const MAX_DEPTH = 100

/**
 * The value of a text that is one document of strict JSON. `undefined` for any other text, which the YAML parser may still read, or
 * tells what is wrong with it and where.
 *
 * A text of JSON means the same to both parsers, and this one is about fifty times faster. What they read differently is left to
 * the other: a member that is there twice, too much nesting, half of a surrogate pair, a key `<<`.
 *
 * Source: apimachinery `pkg/util/yaml/decoder.go` (`YAMLOrJSONDecoder`), which looks at the first character, too.
 */
export function jsonDocument(text: string): { readonly value: unknown } | undefined {
  if (!/^\s*[[{]/.test(text) || text.includes('"<<"')) return undefined
  if (text.includes('\\u') && /\\u[dD][89a-fA-F]/.test(text)) return undefined
  const colons = colonsOf(text)
  if (colons === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return membersOf(value) === colons ? { value } : undefined
  } catch {
    return undefined
  }
}

/** How many colons are outside of strings, one for each member that is written; `undefined` when it is nested too deeply. */
function colonsOf(text: string): number | undefined {
  let colons = 0
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index)
        break
      case COLON:
        colons++
        break
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > MAX_DEPTH) return undefined
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--
    }
  }
  return colons
}

/** Where the quote is that ends a string, or the end of the text. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(index - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

/** How many members all objects in a value have. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + membersOf(each), 0)
  let count = 0
  for (const each of Object.values(value)) count += 1 + membersOf(each)
  return count
}

const [QUOTE, COLON, OPEN_BRACE, OPEN_BRACKET, CLOSE_BRACE, CLOSE_BRACKET, BACKSLASH] = [
  0x22, 0x3a, 0x7b, 0x5b, 0x7d, 0x5d, 0x5c,
]
