import type { PolicyRule } from './objects.ts'
import { RuleIndex } from './rule-index.ts'
import { RoleRules } from './role-rules.ts'

/** The cluster roles, or the roles of one namespace: those that exist, and those that bindings refer to. */
export class NamedRoles {
  /** Finds those that exist. */
  readonly index: RuleIndex<RoleRules> = new RuleIndex()
  readonly #roles = new Map<string, RoleRules>()
  readonly #missing: (name: string) => string

  /** @param missing the error message if there is no role of this name. */
  constructor(missing: (name: string) => string) {
    this.#missing = missing
  }

  get isEmpty(): boolean {
    return this.#roles.size === 0
  }

  get(name: string): RoleRules {
    const known = this.#roles.get(name)
    if (known !== undefined) return known
    const role = new RoleRules(this.#missing(name))
    this.#roles.set(name, role)
    return role
  }

  set(name: string, rules: readonly PolicyRule[]): void {
    this.#change(this.get(name), rules)
  }

  delete(name: string): void {
    const known = this.#roles.get(name)
    if (known === undefined) return
    this.#change(known, this.#missing(name))
    this.forgetIfUnused(name)
  }

  /** A missing role is remembered for the bindings that refer to it. */
  forgetIfUnused(name: string): void {
    const known = this.#roles.get(name)
    if (known?.bindings === 0 && typeof known.rules === 'string') this.#roles.delete(name)
  }

  #change(role: RoleRules, rules: readonly PolicyRule[] | string): void {
    if (typeof role.rules !== 'string') this.index.leave(role, role.rules)
    role.rules = rules
    if (typeof rules !== 'string') this.index.enter(role, rules)
  }
}
