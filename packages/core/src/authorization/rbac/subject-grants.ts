import { Grant, type GrantPosition } from './grant.ts'
import { type RuleQuestion, ruleAllows } from './rule.ts'
import { RuleIndex } from './rule-index.ts'
import { insertGrant, removeGrant } from './sorted-grants.ts'

/** Fewer grants than this are searched one by one. */
const MIN_INDEXED = 8

/** The grants of one subject. Most subjects have only one, which is not kept in a list: in a large policy, objects cost more than decisions. */
export type Granted = Grant | SubjectGrants

/** All grants, in order. */
export function allOf(granted: Granted | undefined): readonly Grant[] {
  if (granted === undefined) return []
  return granted instanceof Grant ? [granted] : granted.all
}

/** The first grant that allows the request, or `known`, whichever comes first. See {@link SubjectGrants.firstAllowing}. */
export function firstAllowing(
  granted: Granted | undefined,
  question: RuleQuestion,
  known: Grant | undefined,
  version: number,
): Grant | undefined {
  if (granted === undefined) return known
  if (!(granted instanceof Grant)) return granted.firstAllowing(question, known, version)
  return granted.isBefore(known) && allows(granted, question) ? granted : known
}

/** Whether a grant is of a missing role. */
export function hasMissingRole(granted: Granted | undefined, version: number): boolean {
  if (granted === undefined) return false
  return granted instanceof Grant ? typeof granted.rules === 'string' : granted.hasMissingRole(version)
}

/** Several grants of one subject. */
export class SubjectGrants {
  /** In order. */
  readonly all: Grant[]
  #index: RuleIndex | undefined
  /** The version of the roles that the index knows. */
  #version = 0

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
    if (allows(grant, question)) return grant
  }
  return known
}

function allows({ rules }: Grant, question: RuleQuestion): boolean {
  if (typeof rules === 'string') return false
  for (const rule of rules) if (ruleAllows(rule, question)) return true
  return false
}
