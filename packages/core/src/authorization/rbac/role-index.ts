import type { PolicyRule } from './objects.ts'
import type { RoleRules } from './role-rules.ts'
import type { RuleQuestion } from './rule.ts'

/**
 * Finds the roles that may allow a request, and maybe others: of all cluster roles, or of all roles of a namespace. A rule is entered under its names or its
 * resources, whichever are fewer, and never under their product. A change costs as much as the changed role is large.
 */
export class RoleIndex {
  readonly #byResource = new Map<string, Set<RoleRules>>()
  readonly #byName = new Map<string, Set<RoleRules>>()
  readonly #ofUrls = new Set<RoleRules>()

  /** Every role that allows the request is in one of these sets. */
  candidates({ resourceRequest, resource, subresource, name }: RuleQuestion): readonly Set<RoleRules>[] {
    if (!resourceRequest) return [this.#ofUrls]
    const found = [this.#byName.get(name), this.#byResource.get('*')]
    if (subresource === '') found.push(this.#byResource.get(resource))
    else {
      found.push(this.#byResource.get(`${resource}/${subresource}`), this.#byResource.get(`*/${subresource}`))
    }
    return found.filter((roles) => roles !== undefined)
  }

  enter(role: RoleRules, rules: readonly PolicyRule[]): void {
    for (const rule of rules) {
      if (rule.nonResourceURLs.length > 0) this.#ofUrls.add(role)
      const [keys, index] = this.#keysOf(rule)
      for (const key of keys) {
        const roles = index.get(key)
        if (roles === undefined) index.set(key, new Set([role]))
        else roles.add(role)
      }
    }
  }

  /** Takes back what `enter` did with the same rules. */
  leave(role: RoleRules, rules: readonly PolicyRule[]): void {
    this.#ofUrls.delete(role)
    for (const rule of rules) {
      const [keys, index] = this.#keysOf(rule)
      for (const key of keys) {
        const roles = index.get(key)
        roles?.delete(role)
        if (roles?.size === 0) index.delete(key)
      }
    }
  }

  #keysOf({
    resources,
    resourceNames,
  }: PolicyRule): readonly [readonly string[], Map<string, Set<RoleRules>>] {
    const isByName = resourceNames.length > 0 && resourceNames.length <= resources.length
    const keys = isByName ? resourceNames : resources
    if (keys.length > MAX_KEYS) return [['*'], this.#byResource]
    return [keys, isByName ? this.#byName : this.#byResource]
  }
}

/** A rule with more is found whatever is asked for: entries take more memory than the strings that they are made of. */
const MAX_KEYS = 64
