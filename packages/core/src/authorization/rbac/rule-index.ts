import type { Grant } from './grant.ts'
import type { PolicyRule } from './objects.ts'
import type { RoleRules } from './role-rules.ts'
import type { RuleQuestion } from './rule.ts'
import { insertGrant, removeGrant } from './sorted-grants.ts'

/** The grants of one role: only the first of them is found, since the others allow nothing more. */
interface RoleGrants {
  /** In order. */
  readonly grants: Grant[]
  /** The rules that the first grant is found by. */
  rules: RoleRules['rules']
}

/**
 * Finds the grants whose rules may match a request: by verb and resource, or by name and resource if a rule has resource names. It finds
 * the first grant of every role that matches, and may find others, so the caller must still check the rules. A change costs as much as the changed role is
 * large, however many there are.
 */
export class RuleIndex {
  readonly #grants = new Map<string, Grant[]>()
  readonly #roles = new Map<RoleRules, RoleGrants>()
  #missing = 0

  constructor(grants: readonly Grant[]) {
    for (const grant of grants) this.add(grant)
  }

  /** Whether a role is missing. */
  get hasMissingRole(): boolean {
    return this.#missing > 0
  }

  /** Lists of grants, each in order. */
  candidates(question: RuleQuestion): readonly (readonly Grant[])[] {
    const lists: Grant[][] = []
    for (const key of keysOfQuestion(question)) {
      const list = this.#grants.get(key)
      if (list !== undefined) lists.push(list)
    }
    return lists
  }

  add(grant: Grant): void {
    const known = this.#roles.get(grant.role)
    if (known === undefined) {
      const { rules } = grant.role
      this.#roles.set(grant.role, { grants: [grant], rules })
      this.#enter(grant, rules)
      return
    }
    const [first] = known.grants
    insertGrant(known.grants, grant)
    this.#replaceFirst(known, first)
  }

  remove(grant: Grant): void {
    const known = this.#roles.get(grant.role)
    if (known === undefined) return
    const [first] = known.grants
    removeGrant(known.grants, grant)
    this.#replaceFirst(known, first)
    if (known.grants.length === 0) this.#roles.delete(grant.role)
  }

  /** Finds grants by the rules that their roles have now. */
  refresh(): void {
    for (const [role, known] of this.#roles) {
      if (role.rules === known.rules) continue
      const [first] = known.grants
      if (first !== undefined) this.#leave(first, known.rules)
      known.rules = role.rules
      if (first !== undefined) this.#enter(first, known.rules)
    }
  }

  #replaceFirst({ grants, rules }: RoleGrants, before: Grant | undefined): void {
    const [first] = grants
    if (first === before) return
    if (before !== undefined) this.#leave(before, rules)
    if (first !== undefined) this.#enter(first, rules)
  }

  #enter(grant: Grant, rules: RoleRules['rules']): void {
    if (typeof rules === 'string') this.#missing++
    else for (const key of keysOfRules(rules)) insertGrant(this.#listOf(key), grant)
  }

  #leave(grant: Grant, rules: RoleRules['rules']): void {
    if (typeof rules === 'string') {
      this.#missing--
      return
    }
    for (const key of keysOfRules(rules)) {
      const list = this.#listOf(key)
      removeGrant(list, grant)
      if (list.length === 0) this.#grants.delete(key)
    }
  }

  #listOf(key: string): Grant[] {
    const known = this.#grants.get(key)
    if (known !== undefined) return known
    const list: Grant[] = []
    this.#grants.set(key, list)
    return list
  }
}

function keysOfRules(rules: readonly PolicyRule[]): readonly string[] {
  return rules.flatMap(keysOfRule)
}

function keysOfRule({ verbs, resources, resourceNames, nonResourceURLs }: PolicyRule): readonly string[] {
  const [first, of] = resourceNames.length === 0 ? [verbs, VERB] : [resourceNames, NAME]
  return [
    ...first.flatMap((each) => resources.map((resource) => keyOf(of, each, resource))),
    ...(nonResourceURLs.length === 0 ? [] : verbs.map((verb) => keyOf(URL, verb, ''))),
  ]
}

function keysOfQuestion({
  verb,
  resourceRequest,
  resource,
  subresource,
  name,
}: RuleQuestion): readonly string[] {
  if (!resourceRequest) return [keyOf(URL, verb, ''), keyOf(URL, '*', '')]
  const resources =
    subresource === '' ? ['*', resource] : ['*', `${resource}/${subresource}`, `*/${subresource}`]
  return resources.flatMap((each) => [
    keyOf(VERB, verb, each),
    keyOf(VERB, '*', each),
    keyOf(NAME, name, each),
  ])
}

const [VERB, NAME, URL] = ['v', 'n', 'u']

/** Different inputs may have the same key, which only adds candidates. */
function keyOf(of: string, first: string, resource: string): string {
  return `${of}${first} ${resource}`
}
