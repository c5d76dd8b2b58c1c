/**
 * Counts the colons outside of strings in JSON: one per member. If the parsed value has fewer members, one was duplicated, and parsers
 * differ in whether the first or the last counts.
 *
 * @returns `undefined` if the nesting exceeds `maxDepth`.
 */
export function colonsOf(text: string, maxDepth: number = Infinity): number | undefined {
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
        if (++depth > maxDepth) return undefined
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--
    }
  }
  return colons
}

/** The total number of members of all objects in a value. Iterative, because the value may be nested deeper than the stack. */
export function membersOf(root: unknown): number {
  if (!isCollection(root)) return 0
  let count = 0
  const waiting: Collection[] = [root]
  for (let collection = waiting.pop(); collection !== undefined; collection = waiting.pop()) {
    // Iterate over names: Object.values() would allocate another array.
    const names = Object.keys(collection)
    if (!Array.isArray(collection)) count += names.length
    for (const name of names) {
      const value = collection[name]
      if (isCollection(value)) waiting.push(value)
    }
  }
  return count
}

/** An object, or an array accessed by index. */
type Collection = Readonly<Record<string, unknown>>

function isCollection(value: unknown): value is Collection {
  return typeof value === 'object' && value !== null
}

/** The index of the quote that ends a string, or the length of the text. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(index - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

const [QUOTE, COLON, OPEN_BRACE, OPEN_BRACKET, CLOSE_BRACE, CLOSE_BRACKET, BACKSLASH] = [
  0x22, 0x3a, 0x7b, 0x5b, 0x7d, 0x5d, 0x5c,
]
