import type { PolicyRule } from './objects.ts'

/** The rules of one role, for all bindings that refer to it. */
export interface RoleRules {
  /** An error message if there is no such role. A new list if they change. */
  rules: readonly PolicyRule[] | string
}
