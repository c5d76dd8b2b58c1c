import type { Grant, GrantPosition } from './grant.ts'
import { type RuleQuestion, ruleAllows } from './rule.ts'
import { RuleIndex } from './rule-index.ts'
import { insertGrant, removeGrant } from './sorted-grants.ts'

/** Fewer grants than this are searched one by one. */
const MIN_INDEXED = 8

/** The grants of one subject. */
export class SubjectGrants {
  /** In order. */
  readonly all: Grant[]
  #index: RuleIndex | undefined
  /** The version of the roles that the index knows. */
  #version = 0

  /** Starts with one grant, as most subjects have only one: pushing to an empty array allocates seventeen slots. */
  constructor(first: Grant) {
    this.all = [first]
  }

  add(grant: Grant, version: number): void {
    insertGrant(this.all, grant)
    if (this.#index !== undefined) this.#index.add(grant)
    else if (this.all.length >= MIN_INDEXED) {
      this.#index = new RuleIndex(this.all)
      this.#version = version
    }
  }

  remove(position: GrantPosition): void {
    const removed = removeGrant(this.all, position)
    if (removed !== undefined) this.#index?.remove(removed)
  }

  /**
   * The first grant that allows the request, or `known`, whichever comes first.
   *
   * @param version that of the roles: another one if the rules of some have changed.
   */
  firstAllowing(question: RuleQuestion, known: Grant | undefined, version: number): Grant | undefined {
    const index = this.#current(version)
    if (index === undefined) return firstOf(this.all, question, known)
    let first = known
    for (const grants of index.candidates(question)) first = firstOf(grants, question, first)
    return first
  }

  hasMissingRole(version: number): boolean {
    return this.#current(version)?.hasMissingRole ?? this.all.some(({ rules }) => typeof rules === 'string')
  }

  #current(version: number): RuleIndex | undefined {
    if (this.#version === version) return this.#index
    this.#version = version
    this.#index?.refresh()
    return this.#index
  }
}

function firstOf(
  grants: readonly Grant[],
  question: RuleQuestion,
  known: Grant | undefined,
): Grant | undefined {
  for (const grant of grants) {
    if (!grant.isBefore(known)) return known
    const { rules } = grant
    if (typeof rules === 'string') continue
    for (const rule of rules) if (ruleAllows(rule, question)) return grant
  }
  return known
}
