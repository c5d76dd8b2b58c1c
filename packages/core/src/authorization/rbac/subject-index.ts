import { serviceAccountUsername } from '../../authenticator/service-account-name.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import { compareGrants, Grant } from './grant.ts'
import type { AnyBinding, Subject } from './objects.ts'
import type { RuleIndex } from './rule-index.ts'
import type { RoleRules } from './role-rules.ts'
import { RoleSearch } from './role-search.ts'
import type { RuleQuestion } from './rule.ts'
import { allOf, firstAllowing, type Granted, hasMissingRole, SubjectGrants } from './subject-grants.ts'

/**
 * Finds the grants of a user without visiting those of other users, so that bindings of other users, and other bindings of the same group,
 * do not slow down a decision.
 */
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

  /**
   * The first grant that allows the request.
   *
   * @param indexes of all roles that may be granted.
   */
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
