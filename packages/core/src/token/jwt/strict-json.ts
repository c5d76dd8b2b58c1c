import { colonsOf } from '../../internal/json/colons.ts'

/**
 * The value of a text of JSON. `undefined` for any other text, and when an object in it has a member twice: of two readers one would
 * take the first and one the last. A surrogate without its other half becomes U+FFFD, as in Go, so all texts are well-formed.
 *
 * Source: RFC 8259 section 4; RFC 7515 section 4 and RFC 7519 section 4, which let members that are there twice be refused;
 * go-jose `json`.
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

/** An escape; in the group, one of a surrogate that is alone. */
const ESCAPE = /\\(?:u(?:d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(d[89a-f][0-9a-f]{2}))|[^])/gi

/** How many members there are in a value. No recursion: it may be deeper than the stack. */
function membersOf(root: unknown): number {
  if (!isCollection(root)) return 0
  let count = 0
  const waiting: Collection[] = [root]
  for (let collection = waiting.pop(); collection !== undefined; collection = waiting.pop()) {
    // Names and then values: a list of the values would have to be made.
    const names = Object.keys(collection)
    if (!Array.isArray(collection)) count += names.length
    for (const name of names) {
      const value = collection[name]
      if (isCollection(value)) waiting.push(value)
    }
  }
  return count
}

/** An object, or a list by its indexes. */
type Collection = Readonly<Record<string, unknown>>

function isCollection(value: unknown): value is Collection {
  return typeof value === 'object' && value !== null
}
