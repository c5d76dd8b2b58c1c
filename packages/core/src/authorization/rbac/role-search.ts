import type { RuleIndex } from './rule-index.ts'
import type { RoleRules } from './role-rules.ts'
import type { RuleQuestion } from './rule.ts'

/** A search for roles that allow a request. */
export class RoleSearch {
  readonly #question: RuleQuestion
  readonly #indexes: readonly RuleIndex<RoleRules>[]
  #candidates: readonly ReadonlySet<RoleRules>[] | undefined
  /** Roles that were searched in vain. */
  readonly #refusing: Set<RoleRules> | undefined

  /**
   * @param indexes of all roles that may be granted.
   * @param isRepeated whether many subjects may have the same roles: then each is searched once.
   */
  constructor(question: RuleQuestion, indexes: readonly RuleIndex<RoleRules>[], isRepeated: boolean) {
    this.#question = question
    this.#indexes = indexes
    this.#refusing = isRepeated ? new Set() : undefined
  }

  /** Every role that allows the request is in one of these sets. */
  get candidates(): readonly ReadonlySet<RoleRules>[] {
    return (this.#candidates ??= this.#indexes.flatMap((index) => index.candidates(this.#question)))
  }

  /** How many roles are in the sets. */
  get candidateCount(): number {
    return this.candidates.reduce((sum, { size }) => sum + size, 0)
  }

  allows(role: RoleRules): boolean {
    if (this.#refusing?.has(role) === true) return false
    if (role.allows(this.#question)) return true
    this.#refusing?.add(role)
    return false
  }
}
