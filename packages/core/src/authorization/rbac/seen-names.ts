import type { RbacObject } from './objects.ts'

/** The objects that there are, by kind, namespace and name. */
export class SeenNames {
  /** By kind, then by namespace. A key made of all three would be one more string for each object. */
  readonly #kinds = new Map<string, Map<string, Set<string>>>()

  /** @returns whether it is the first object of its name. */
  add({ kind, namespace, name }: RbacObject): boolean {
    const namespaces = this.#kinds.get(kind) ?? new Map<string, Set<string>>()
    if (namespaces.size === 0) this.#kinds.set(kind, namespaces)
    const names = namespaces.get(namespace) ?? new Set<string>()
    if (names.size === 0) namespaces.set(namespace, names)
    const { size } = names
    return names.add(name).size > size
  }
  /** Whether there is such an object. */
  has(kind: string, namespace: string, name: string): boolean {
    return this.#kinds.get(kind)?.get(namespace)?.has(name) === true
  }
}
