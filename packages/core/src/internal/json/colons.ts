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
  let count = 0
  const waiting: unknown[] = [root]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null) continue
    const members: readonly unknown[] = Object.values(value)
    if (!Array.isArray(value)) count += members.length
    for (const each of members) if (typeof each === 'object') waiting.push(each)
  }
  return count
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
