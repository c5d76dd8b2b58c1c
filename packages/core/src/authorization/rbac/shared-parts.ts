import { compact } from '../../internal/compact.ts'
import type { AnyBinding, AnyRole, PolicyRule, RbacObject, RoleRef, Subject } from './objects.ts'

/** More than this many different ones are not shared. */
const MAX_SHARED = 1024

/**
 * Makes the objects of a large policy small: equal parts are kept once, since most bindings refer to few roles in few namespaces, and no string refers to
 * the text that it was read from. Each string and object less is work that the garbage collector does not have.
 */
export class SharedParts {
  readonly #strings = new Map<string, string>()
  readonly #roleRefs = new Map<string, RoleRef>()

  /** A copy of an object that shares equal parts with the copies before. */
  copy(object: RbacObject): RbacObject {
    return object.kind === 'Role' || object.kind === 'ClusterRole'
      ? this.#role(object)
      : this.#binding(object)
  }

  #binding(binding: AnyBinding): AnyBinding {
    return {
      kind: binding.kind === 'RoleBinding' ? 'RoleBinding' : 'ClusterRoleBinding',
      name: compact(binding.name),
      namespace: this.#string(binding.namespace),
      subjects: binding.subjects.map((subject) => this.#subject(subject)),
      roleRef: this.#roleRef(binding.roleRef),
    }
  }

  #subject({ kind, apiGroup, name, namespace }: Subject): Subject {
    return {
      kind: kind === 'User' ? 'User' : this.#string(kind),
      apiGroup: this.#string(apiGroup),
      name: compact(name),
      namespace: this.#string(namespace),
    }
  }

  #roleRef({ kind, apiGroup, name }: RoleRef): RoleRef {
    const known = this.#roleRefs.get(name)
    if (known?.kind === kind && known.apiGroup === apiGroup) return known
    const own = { kind: this.#string(kind), apiGroup: this.#string(apiGroup), name: compact(name) }
    if (known === undefined && this.#roleRefs.size < MAX_SHARED) this.#roleRefs.set(own.name, own)
    return own
  }

  #role(role: AnyRole): AnyRole {
    const [name, namespace] = [compact(role.name), this.#string(role.namespace)]
    const rules = role.rules.map((rule) => this.#rule(rule))
    if (role.kind === 'Role') return { kind: 'Role', name, namespace, rules }
    const labels = new Map([...role.labels].map(([key, value]) => [this.#string(key), this.#string(value)]))
    return { ...role, kind: 'ClusterRole', name, namespace, labels, rules }
  }

  #rule({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): PolicyRule {
    const list = (strings: readonly string[]): readonly string[] => strings.map((each) => this.#string(each))
    return {
      verbs: list(verbs),
      apiGroups: list(apiGroups),
      resources: list(resources),
      resourceNames: list(resourceNames),
      nonResourceURLs: list(nonResourceURLs),
    }
  }

  #string(string: string): string {
    if (string === '') return string
    const known = this.#strings.get(string)
    if (known !== undefined) return known
    const own = compact(string)
    if (this.#strings.size < MAX_SHARED) this.#strings.set(own, own)
    return own
  }
}
