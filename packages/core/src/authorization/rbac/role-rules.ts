import type { PolicyRule } from './objects.ts'
import { isLong, ruleAllows, type RuleQuestion, searchable, type SearchableRule } from './rule.ts'
import { RuleIndex } from './rule-index.ts'

/** So many rules are searched one after the other. */
const FEW_RULES = 64

/** The rules of a role, whether it exists or not: one object for all bindings that refer to it, and for all their subjects. */
export class RoleRules {
  /** How many bindings refer to it. */
  bindings = 0
  #rules: readonly PolicyRule[] | string
  /** None if there is no such role. */
  #searchable: readonly SearchableRule[] = []
  /** Finds some of many rules. */
  #index: RuleIndex<SearchableRule> | undefined

  /** @param missing an error message: at first there is no such role. */
  constructor(missing: string) {
    this.#rules = missing
  }

  /** An error message if there is no such role. */
  get rules(): readonly PolicyRule[] | string {
    return this.#rules
  }

  set rules(changed: readonly PolicyRule[] | string) {
    this.#rules = changed
    const rules = typeof changed === 'string' ? [] : changed
    this.#searchable = rules.some(isLong) ? rules.map(searchable) : rules
    this.#index = rules.length > FEW_RULES ? indexOf(rules, this.#searchable) : undefined
  }

  /** Whether one of the rules allows a request. */
  allows(question: RuleQuestion): boolean {
    if (this.#index === undefined) return anyAllows(this.#searchable, question)
    return this.#index.candidates(question).some((rules) => anyAllows(rules, question))
  }
}

function anyAllows(rules: Iterable<SearchableRule>, question: RuleQuestion): boolean {
  for (const rule of rules) if (ruleAllows(rule, question)) return true
  return false
}

function indexOf(
  rules: readonly PolicyRule[],
  searchableRules: readonly SearchableRule[],
): RuleIndex<SearchableRule> {
  const index = new RuleIndex<SearchableRule>()
  for (const [position, rule] of rules.entries()) index.enter(searchableRules[position] ?? rule, [rule])
  return index
}
