import { Grant } from './grant.ts'
import type { RoleRules } from './role-rules.ts'
import type { RoleSearch } from './role-search.ts'

/** The grants of one subject. Most subjects have only one, which is not kept in a list: in a large policy, objects cost more than decisions. */
export type Granted = Grant | SubjectGrants

/** All grants, in no order. */
export function allOf(granted: Granted | undefined): readonly Grant[] {
  if (granted === undefined) return []
  return granted instanceof Grant ? [granted] : granted.all
}

/** The first grant that allows the request, or `known`, whichever comes first. */
export function firstAllowing(
  granted: Granted | undefined,
  search: RoleSearch,
  known: Grant | undefined,
): Grant | undefined {
  if (granted === undefined) return known
  if (!(granted instanceof Grant)) return granted.firstAllowing(search, known)
  return granted.isBefore(known) && search.allows(granted.role) ? granted : known
}

/** Whether a grant is of a missing role. */
export function hasMissingRole(granted: Granted | undefined): boolean {
  if (granted === undefined) return false
  return granted instanceof Grant ? isMissing(granted.role) : granted.hasMissingRole
}

/** Several grants of one subject, by their roles: a role is searched once, however many bindings refer to it. */
export class SubjectGrants {
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
