import { serviceAccountUsername } from '../../authenticator/service-account-name.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import { compareGrants, Grant } from './grant.ts'
import type { AnyBinding, Subject } from './objects.ts'
import type { RuleIndex } from './rule-index.ts'
import type { RoleRules } from './role-rules.ts'
import type { RuleQuestion } from './rule.ts'

/** Finds the grants of a user without visiting those of other users, so that bindings of other users, and other bindings of the same group, do not slow down a decision. */
export class SubjectIndex {
  readonly #users = new Map<string, Granted>()
  readonly #groups = new Map<string, Granted>()

  /** @param position its place in the order of evaluation, different from that of every other binding. */
  add(binding: AnyBinding, position: number, role: RoleRules): void {
    let subjectPosition = -1
    for (const subject of binding.subjects) {
      subjectPosition++
      const key = keyOf(subject, binding)
      if (key === undefined) continue
      const subjects = this.#subjectsLike(subject)
      const grant = new Grant(binding, subject, position, subjectPosition, role)
      const known = subjects.get(key)
      if (known === undefined) subjects.set(key, grant)
      else if (known instanceof SubjectGrants) known.add(grant)
      else if (known.position !== position) {
        const grants = new SubjectGrants(known)
        grants.add(grant)
        subjects.set(key, grants)
      }
    }
  }

  /** Takes back what `add` did with the same binding, position and role. */
  remove(binding: AnyBinding, position: number, role: RoleRules): void {
    for (const subject of binding.subjects) {
      const key = keyOf(subject, binding)
      if (key === undefined) continue
      const subjects = this.#subjectsLike(subject)
      const known = subjects.get(key)
      if (known instanceof SubjectGrants) known.remove(role, position)
      const isLast = known instanceof SubjectGrants ? known.isEmpty : known?.position === position
      if (isLast) subjects.delete(key)
    }
  }

  get isEmpty(): boolean {
    return this.#users.size === 0 && this.#groups.size === 0
  }

  /** The first grant that allows the request. @param indexes of all roles that may be granted. */
  firstAllowing(
    user: UserInfo,
    question: RuleQuestion,
    indexes: readonly RuleIndex<RoleRules>[],
  ): Grant | undefined {
    const groups = distinct(user.groups)
    const search = new RoleSearch(question, indexes, groups !== user.groups)
    let first = firstAllowing(this.#users.get(user.username), search, undefined)
    for (const group of groups) first = firstAllowing(this.#groups.get(group), search, first)
    return first
  }

  /** Whether a binding of the user refers to a missing role. */
  hasMissingRole(user: UserInfo): boolean {
    if (hasMissingRole(this.#users.get(user.username))) return true
    for (const group of distinct(user.groups)) if (hasMissingRole(this.#groups.get(group))) return true
    return false
  }

  /** All grants of the user in the order of bindings; for each binding, only the one of its first matching subject. */
  grantsFor(user: UserInfo): readonly Grant[] {
    const grants = [...allOf(this.#users.get(user.username))]
    for (const group of new Set(user.groups)) {
      for (const grant of allOf(this.#groups.get(group))) grants.push(grant)
    }
    grants.sort(compareGrants)
    return grants.filter((grant, index) => grants[index - 1]?.position !== grant.position)
  }

  #subjectsLike({ kind }: Subject): Map<string, Granted> {
    return kind === 'Group' ? this.#groups : this.#users
  }
}

/** A user with more groups than this may have the same group, or groups with the same roles, many times. */
const MANY_GROUPS = 16

function distinct(groups: readonly string[]): Iterable<string> {
  return groups.length > MANY_GROUPS ? new Set(groups) : groups
}

/** The name of a group, or the user name of a subject that is a user; `undefined` if it is neither. */
function keyOf({ kind, name, namespace }: Subject, binding: AnyBinding): string | undefined {
  if (kind === 'User' || kind === 'Group') return name
  if (kind !== 'ServiceAccount') return undefined
  const own = namespace === '' ? binding.namespace : namespace
  return own === '' ? undefined : serviceAccountUsername(own, name)
}

/** The grants of one subject. Most subjects have only one, which is not kept in a list: in a large policy, objects cost more than decisions. */
type Granted = Grant | SubjectGrants

/** All grants, in no order. */
function allOf(granted: Granted | undefined): readonly Grant[] {
  if (granted === undefined) return []
  return granted instanceof Grant ? [granted] : granted.all
}

/** The first grant that allows the request, or `known`, whichever comes first. */
function firstAllowing(
  granted: Granted | undefined,
  search: RoleSearch,
  known: Grant | undefined,
): Grant | undefined {
  if (granted === undefined) return known
  if (!(granted instanceof Grant)) return granted.firstAllowing(search, known)
  return granted.isBefore(known) && search.allows(granted.role) ? granted : known
}

/** Whether a grant is of a missing role. */
function hasMissingRole(granted: Granted | undefined): boolean {
  if (granted === undefined) return false
  return granted instanceof Grant ? isMissing(granted.role) : granted.hasMissingRole
}

/** Several grants of one subject, by their roles: a role is searched once, however many bindings refer to it. */
class SubjectGrants {
  /** Of each role, in order: only the first is ever the reason of a decision. */
  readonly #roles = new Map<RoleRules, Grant[]>()

  constructor(first: Grant) {
    this.#roles.set(first.role, [first])
  }

  get isEmpty(): boolean {
    return this.#roles.size === 0
  }

  get all(): readonly Grant[] {
    return [...this.#roles.values()].flat()
  }

  get hasMissingRole(): boolean {
    for (const role of this.#roles.keys()) if (isMissing(role)) return true
    return false
  }

  /** Adds a grant, unless its binding grants the role to this subject already. */
  add(grant: Grant): void {
    const grants = this.#roles.get(grant.role)
    if (grants === undefined) {
      this.#roles.set(grant.role, [grant])
      return
    }
    // Grants are usually added in order, at the end.
    const last = grants.at(-1)
    const index =
      last !== undefined && last.position < grant.position ? grants.length : indexOf(grants, grant.position)
    if (grants[index]?.position !== grant.position) grants.splice(index, 0, grant)
  }

  /** Removes the grant of the binding with this position. */
  remove(role: RoleRules, position: number): void {
    const grants = this.#roles.get(role) ?? []
    const index = indexOf(grants, position)
    if (grants[index]?.position === position) grants.splice(index, 1)
    if (grants.length === 0) this.#roles.delete(role)
  }

  firstAllowing(search: RoleSearch, known: Grant | undefined): Grant | undefined {
    let first = known
    const look = (grants: readonly Grant[] | undefined): void => {
      const grant = grants?.[0]
      if (grant?.isBefore(first) === true && search.allows(grant.role)) first = grant
    }
    const { size } = this.#roles
    if (size <= FEW_ROLES || size <= search.candidateCount) {
      for (const grants of this.#roles.values()) look(grants)
    } else {
      for (const roles of search.candidates) for (const role of roles) look(this.#roles.get(role))
    }
    return first
  }
}

/** So many roles are searched one after the other. */
const FEW_ROLES = 8

/** Where a position is in a list of grants that are in order, or would be. */
function indexOf(grants: readonly Grant[], position: number): number {
  let [low, high] = [0, grants.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const each = grants[middle]
    if (each !== undefined && each.position < position) low = middle + 1
    else high = middle
  }
  return low
}

function isMissing({ rules }: RoleRules): boolean {
  return typeof rules === 'string'
}

/** A search for roles that allow a request. */
class RoleSearch {
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
