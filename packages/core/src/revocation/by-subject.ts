import type { Subject } from './revocation.ts'

/** Things by what a revocation is found by: any number for a subject. */
export class BySubject<T extends object> {
  readonly user: Map<string, Set<T>> = new Map()
  readonly credentialId: Map<string, Set<T>> = new Map()
  readonly tokenSha256: Map<string, Set<T>> = new Map()
  /** By key and value. */
  readonly attribute: Map<string, Map<string, Set<T>>> = new Map()

  get(subject: Subject): ReadonlySet<T> | undefined {
    return this.#mapOf(subject)?.get(subject.value)
  }

  add(subject: Subject, thing: T): void {
    const map = this.#mapOf(subject) ?? new Map<string, Set<T>>()
    if (subject.kind === 'attribute') this.attribute.set(subject.key, map)
    const known = map.get(subject.value)
    if (known === undefined) map.set(subject.value, new Set([thing]))
    else known.add(thing)
  }

  delete(subject: Subject, thing: T): void {
    const map = this.#mapOf(subject)
    const known = map?.get(subject.value)
    known?.delete(thing)
    if (known?.size === 0) map?.delete(subject.value)
    if (subject.kind === 'attribute' && map?.size === 0) this.attribute.delete(subject.key)
  }

  #mapOf(subject: Subject): Map<string, Set<T>> | undefined {
    return subject.kind === 'attribute' ? this.attribute.get(subject.key) : this[subject.kind]
  }
}
