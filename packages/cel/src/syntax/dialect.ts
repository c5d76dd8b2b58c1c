import type { Macros } from './macros.ts'

/** The syntax of an environment. */
export interface Dialect {
  readonly macros: Macros
  /** Maximum length in characters. */
  readonly maxLength: number
  /** Whether `.?`, `[?` and `{?` are allowed. */
  readonly hasOptionals: boolean
  /** Whether a field may be quoted with backticks. */
  readonly hasEscapedFields: boolean
}
