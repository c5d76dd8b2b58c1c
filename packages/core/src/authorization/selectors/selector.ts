/** One condition of a selector. A label or field that equals a value is `In` that one value. */
export interface SelectorRequirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  readonly values: readonly string[]
}

/** What a request narrows objects down to. All requirements hold. */
export interface Selector {
  readonly requirements: readonly SelectorRequirement[]
  /** The text could not be read, so nothing is known of how the objects are narrowed down. */
  readonly error?: string
}

/** A selector that could not be read. */
export function unreadable(error: string): Selector {
  return { requirements: [], error }
}

const MAX_LENGTH = 65_536
const MAX_COMMAS = 1000

/**
 * Why a selector is not even read; `undefined` when it is. Nothing that is known of narrows objects down by as much, and any client can send
 * one. A request with such a selector is decided as one that may be about any object.
 *
 * Deviation: in Kubernetes a selector is as long as a URL may be (`docs/deviations.md`, selectors).
 */
export function tooLong(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return `invalid selector: it has more than ${MAX_LENGTH} characters`
  let commas = 0
  for (let at = text.indexOf(','); at !== -1; at = text.indexOf(',', at + 1)) {
    if (++commas > MAX_COMMAS) return `invalid selector: it has more than ${MAX_COMMAS} commas`
  }
  return undefined
}
