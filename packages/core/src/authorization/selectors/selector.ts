/** One condition of a selector. A label or field that equals a value is `In` that one value. */
export interface SelectorRequirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  readonly values: readonly string[]
}

/** The objects that a request selects. All requirements must hold. */
export interface Selector {
  readonly requirements: readonly SelectorRequirement[]
  /** Set if the selector could not be parsed; then it may select any object. */
  readonly error?: string
}
