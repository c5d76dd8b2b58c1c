import { colonsOf } from '../../internal/json/colons.ts'

/**
 * Parses JSON. Returns `undefined` for invalid JSON and for objects with duplicate members: parsers differ in whether the first or the last
 * counts. An unpaired surrogate becomes U+FFFD, as in Go, so all strings are well-formed.
 *
 * Source: RFC 8259 section 4; RFC 7515 section 4 and RFC 7519 section 4, which allow rejecting duplicate members; go-jose `json`.
 */
export function strictJson(json: string): unknown {
  try {
    const text = json.includes('\\')
      ? json.replace(ESCAPE, (escape, lone?: string) => (lone === undefined ? escape : '\\ufffd'))
      : json
    const value: unknown = JSON.parse(text)
    return membersOf(value) === colonsOf(text) ? value : undefined
  } catch {
    return undefined
  }
}

/** An escape; the group captures that of an unpaired surrogate. */
const ESCAPE = /\\(?:u(?:d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(d[89a-f][0-9a-f]{2}))|[^])/gi

/** Counts the members in a value. Iterative, because the value may be nested deeper than the stack. */
function membersOf(root: unknown): number {
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
