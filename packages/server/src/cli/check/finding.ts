import type { Kind } from './kinds.ts'

/** What was found in a file. */
export interface Finding {
  /** `warning`: a part of the file is ignored. `advice`: the file is valid, but may not mean what its author intended. */
  readonly severity: 'error' | 'warning' | 'advice'
  readonly message: string
  /** The field, as in `jwt[0].issuer.url`. */
  readonly path?: string
  /** The line and column, counted from 1. */
  readonly line?: number
  readonly column?: number
  /** The name of the warning or advice. */
  readonly code?: string
}

/** What was found in one file. */
export interface FileReport {
  readonly file: string
  /** `null` if it is not known. */
  readonly kind: Kind | null
  readonly findings: readonly Finding[]
  /** Whether the file could not be checked. */
  readonly isUnchecked: boolean
}
