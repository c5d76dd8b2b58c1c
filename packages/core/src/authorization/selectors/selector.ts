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
