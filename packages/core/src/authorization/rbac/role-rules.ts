import type { PolicyRule } from './objects.ts'
import { isLong, searchable, type SearchableRule } from './rule.ts'

/** The rules of a role, whether it exists or not: one object for all bindings that refer to it, and for all their subjects. */
export class RoleRules {
  /** How many bindings refer to it. */
  bindings = 0
  #rules: readonly PolicyRule[] | string
  #searchable: readonly SearchableRule[] = NO_RULES

  /** @param missing an error message: at first there is no such role. */
  constructor(missing: string) {
    this.#rules = missing
  }

  /** An error message if there is no such role. */
  get rules(): readonly PolicyRule[] | string {
    return this.#rules
  }

  set rules(rules: readonly PolicyRule[] | string) {
    this.#rules = rules
    if (typeof rules === 'string') this.#searchable = NO_RULES
    else this.#searchable = rules.some(isLong) ? rules.map(searchable) : rules
  }

  /** The same rules, to search in; none if there is no such role. */
  get searchable(): readonly SearchableRule[] {
    return this.#searchable
  }
}

const NO_RULES: readonly SearchableRule[] = []
