import { serviceAccountUsername } from '../../authenticator/service-account-name.ts'
import type { UserInfo } from '../../authenticator/user.ts'
import { Grant } from './grant.ts'
import type { AnyBinding, PolicyRule, Subject } from './objects.ts'
import { type RuleQuestion, ruleAllows } from './rule.ts'
import { RuleIndex } from './rule-index.ts'

/** Fewer roles than this are searched one by one. */
const MIN_INDEXED = 8

/**
 * Finds the grants of a user without visiting those of other users, so that bindings of other users, and other bindings of the same group,
 * do not slow down a decision.
 */
export class SubjectIndex {
  readonly #users = new Map<string, Grants>()
  readonly #groups = new Map<string, Grants>()

  /** Adds a binding. Bindings must be added in load order. */
  add(binding: AnyBinding, position: number, rules: readonly PolicyRule[] | string): void {
    let subjectPosition = 0
    for (const subject of binding.subjects) {
      const grant = new Grant(binding, subject, position, subjectPosition++, rules)
      const username = usernameOf(subject, binding)
      if (username !== undefined) append(this.#users, username, grant)
      else if (subject.kind === 'Group') append(this.#groups, subject.name, grant)
    }
  }

  /** Builds the index in steps. To be called after the last `add` and before the first query. */
  *close(): Generator<undefined, void, undefined> {
    for (const subjects of [this.#users, this.#groups]) {
      let count = 0
      for (const grants of subjects.values()) {
        grants.close()
        if (++count % 256 === 0 || grants.all.length > 256) yield
      }
    }
  }

  /** The first grant that allows the request. */
  firstAllowing(user: UserInfo, question: RuleQuestion): Grant | undefined {
    let first = this.#users.get(user.username)?.firstAllowing(question, undefined)
    for (const group of user.groups) {
      const grants = this.#groups.get(group)
      if (grants !== undefined) first = grants.firstAllowing(question, first)
    }
    return first
  }

  /** Whether a binding of the user refers to a missing role. */
  hasMissingRole(user: UserInfo): boolean {
    if (this.#users.get(user.username)?.hasMissingRole === true) return true
    return user.groups.some((group) => this.#groups.get(group)?.hasMissingRole === true)
  }

  /** All grants of the user in the order of bindings; for each binding, only the one of its first matching subject. */
  grantsFor(user: UserInfo): readonly Grant[] {
    const grants = [...(this.#users.get(user.username)?.all ?? [])]
    for (const group of new Set(user.groups)) {
      for (const grant of this.#groups.get(group)?.all ?? []) grants.push(grant)
    }
    grants.sort((a, b) => a.position - b.position || a.subjectPosition - b.subjectPosition)
    return grants.filter((grant, index) => grants[index - 1]?.position !== grant.position)
  }
}

/** The grants of one subject. */
class Grants {
  readonly all: Grant[]
  hasMissingRole = false
  /** The first grant of each role: the others allow nothing more. */
  #perRole: readonly Grant[] = []
  #index: RuleIndex | undefined

  /** Starts with one grant, as most subjects have only one: pushing to an empty array allocates seventeen slots. */
  constructor(first: Grant) {
    this.all = [first]
  }

  close(): void {
    this.#perRole = this.all
    if (this.all.length < MIN_INDEXED) return
    const firsts = new Map<Grant['rules'], Grant>()
    for (const grant of this.all) if (!firsts.has(grant.rules)) firsts.set(grant.rules, grant)
    this.#perRole = [...firsts.values()]
    if (this.#perRole.length >= MIN_INDEXED) this.#index = new RuleIndex(this.#perRole)
  }

  /** The first grant that allows the request, or `known`, whichever comes first. */
  firstAllowing(question: RuleQuestion, known: Grant | undefined): Grant | undefined {
    if (this.#index === undefined) return firstOf(this.#perRole, question, known)
    let first = known
    for (const grants of this.#index.candidates(question)) first = firstOf(grants, question, first)
    return first
  }
}

function firstOf(
  grants: readonly Grant[],
  question: RuleQuestion,
  known: Grant | undefined,
): Grant | undefined {
  for (const grant of grants) {
    if (!grant.isBefore(known)) return known
    if (typeof grant.rules === 'string') continue
    for (const rule of grant.rules) if (ruleAllows(rule, question)) return grant
  }
  return known
}

/** The user name of a subject; `undefined` if the subject is not a single user. */
function usernameOf(subject: Subject, binding: AnyBinding): string | undefined {
  if (subject.kind === 'User') return subject.name
  if (subject.kind !== 'ServiceAccount') return undefined
  const namespace = subject.namespace === '' ? binding.namespace : subject.namespace
  return namespace === '' ? undefined : serviceAccountUsername(namespace, subject.name)
}

function append(subjects: Map<string, Grants>, key: string, grant: Grant): void {
  let grants = subjects.get(key)
  if (grants === undefined) {
    grants = new Grants(grant)
    subjects.set(key, grants)
  } else grants.all.push(grant)
  grants.hasMissingRole ||= typeof grant.rules === 'string'
}
