import type { PolicyRule } from './objects.ts'
import type { RuleQuestion } from './rule.ts'

/** Something with more names and resources is found whatever is asked for: entries take more memory than the strings that they are made of. */
const MAX_KEYS = 1024

/** Where something is entered. */
interface Keys {
  readonly resources: ReadonlySet<string>
  readonly names: ReadonlySet<string>
}

/**
 * Finds what may allow a request by its rules, and maybe other things. A rule counts by its names or its resources, whichever are fewer, and never by their product. A change
 * costs as much as the rules are long.
 */
export class RuleIndex<T extends object> {
  readonly #byResource = new Map<string, Set<T>>()
  readonly #byName = new Map<string, Set<T>>()
  readonly #ofUrls = new Set<T>()

  /** Everything that allows the request is in one of these sets. */
  candidates({ resourceRequest, resource, subresource, name }: RuleQuestion): readonly ReadonlySet<T>[] {
    if (!resourceRequest) return [this.#ofUrls]
    const found = [this.#byName.get(name), this.#byResource.get('*')]
    if (subresource === '') found.push(this.#byResource.get(resource))
    else {
      found.push(this.#byResource.get(`${resource}/${subresource}`), this.#byResource.get(`*/${subresource}`))
    }
    return found.filter((things) => things !== undefined)
  }

  enter(thing: T, rules: readonly PolicyRule[]): void {
    const { resources, names } = keysOf(rules)
    for (const key of resources) enter(this.#byResource, key, thing)
    for (const key of names) enter(this.#byName, key, thing)
    if (rules.some(({ nonResourceURLs }) => nonResourceURLs.length > 0)) this.#ofUrls.add(thing)
  }

  /** Takes back what `enter` did with the same rules. */
  leave(thing: T, rules: readonly PolicyRule[]): void {
    const { resources, names } = keysOf(rules)
    for (const key of resources) leave(this.#byResource, key, thing)
    for (const key of names) leave(this.#byName, key, thing)
    this.#ofUrls.delete(thing)
  }
}

function keysOf(rules: readonly PolicyRule[]): Keys {
  const resources = new Set<string>()
  const names = new Set<string>()
  for (const rule of rules) {
    const isByName = rule.resourceNames.length > 0 && rule.resourceNames.length <= rule.resources.length
    const keys = isByName ? names : resources
    for (const key of isByName ? rule.resourceNames : rule.resources) {
      if (resources.size + names.size > MAX_KEYS) return ANY
      keys.add(key)
    }
  }
  return { resources, names }
}

const ANY: Keys = { resources: new Set(['*']), names: new Set() }

function enter<T>(index: Map<string, Set<T>>, key: string, thing: T): void {
  const things = index.get(key)
  if (things === undefined) index.set(key, new Set([thing]))
  else things.add(thing)
}

function leave<T>(index: Map<string, Set<T>>, key: string, thing: T): void {
  const things = index.get(key)
  things?.delete(thing)
  if (things?.size === 0) index.delete(key)
}
