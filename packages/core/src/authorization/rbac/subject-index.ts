import { serviceAccountUsername } from '../../authenticator/service-account-name.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import { compareGrants, Grant } from './grant.ts'
import type { AnyBinding, Subject } from './objects.ts'
import type { RoleRules } from './role-rules.ts'
import type { RuleQuestion } from './rule.ts'
import { allOf, firstAllowing, type Granted, hasMissingRole, SubjectGrants } from './subject-grants.ts'

/**
 * Finds the grants of a user without visiting those of other users, so that bindings of other users, and other bindings of the same group,
 * do not slow down a decision.
 *
 * A `version` is that of the roles: another one if the rules of some have changed.
 */
export class SubjectIndex {
  readonly #users = new Map<string, Granted>()
  readonly #groups = new Map<string, Granted>()

  /** @param position its place in the order of evaluation, different from that of every other binding. */
  add(binding: AnyBinding, position: number, role: RoleRules, version: number): void {
    let subjectPosition = -1
    for (const subject of binding.subjects) {
      subjectPosition++
      const key = keyOf(subject, binding)
      if (key === undefined) continue
      const subjects = this.#subjectsLike(subject)
      const grant = new Grant(binding, subject, position, subjectPosition, role)
      const known = subjects.get(key)
      if (known === undefined) subjects.set(key, grant)
      else several(known, subjects, key).add(grant, version)
    }
  }

  /** Takes back what `add` did with the same binding and position. */
  remove(binding: AnyBinding, position: number): void {
    for (const [subjectPosition, subject] of binding.subjects.entries()) {
      const key = keyOf(subject, binding)
      if (key === undefined) continue
      const subjects = this.#subjectsLike(subject)
      const known = subjects.get(key)
      if (known === undefined) continue
      const grants = several(known, subjects, key)
      grants.remove({ position, subjectPosition })
      if (grants.all.length === 0) subjects.delete(key)
    }
  }

  get isEmpty(): boolean {
    return this.#users.size === 0 && this.#groups.size === 0
  }

  /** The first grant that allows the request. */
  firstAllowing(user: UserInfo, question: RuleQuestion, version: number): Grant | undefined {
    let first = firstAllowing(this.#users.get(user.username), question, undefined, version)
    for (const group of user.groups) {
      first = firstAllowing(this.#groups.get(group), question, first, version)
    }
    return first
  }

  /** Whether a binding of the user refers to a missing role. */
  hasMissingRole(user: UserInfo, version: number): boolean {
    if (hasMissingRole(this.#users.get(user.username), version)) return true
    return user.groups.some((group) => hasMissingRole(this.#groups.get(group), version))
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

/** The grants of a subject as a list that can change. */
function several(known: Granted, subjects: Map<string, Granted>, key: string): SubjectGrants {
  if (!(known instanceof Grant)) return known
  const grants = new SubjectGrants(known)
  subjects.set(key, grants)
  return grants
}

/** The name of a group, or the user name of a subject that is a user; `undefined` if it is neither. */
function keyOf({ kind, name, namespace }: Subject, binding: AnyBinding): string | undefined {
  if (kind === 'User' || kind === 'Group') return name
  if (kind !== 'ServiceAccount') return undefined
  const own = namespace === '' ? binding.namespace : namespace
  return own === '' ? undefined : serviceAccountUsername(own, name)
}
