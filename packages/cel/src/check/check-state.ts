import type { Issues } from './issues.ts'
import type { Declarations } from './scope.ts'
import type { Substitution } from './substitution.ts'

/** What the parts of a check share. */
export interface CheckState {
  readonly declarations: Declarations
  readonly substitution: Substitution
  readonly issues: Issues
}
