import type { Subject } from './revocation.ts'

/** As a rule there is one thing for a subject: a set for each would take more memory than all the rest. */
type OneOrMore<T extends object> = T | Set<T>

/** Things by what a revocation is found by: any number for a subject. */
export class BySubject<T extends object> {
  readonly user: Map<string, OneOrMore<T>> = new Map()
  readonly credentialId: Map<string, OneOrMore<T>> = new Map()
  readonly tokenSha256: Map<string, OneOrMore<T>> = new Map()
  /** By key and value. */
  readonly attribute: Map<string, Map<string, OneOrMore<T>>> = new Map()

  /** Those of a subject, in a list of their own. */
  all(subject: Subject): readonly T[] {
    const known = this.#mapOf(subject)?.get(subject.value)
    if (known === undefined) return []
    return known instanceof Set ? Array.from(known) : [known]
  }

  add(subject: Subject, thing: T): void {
    const map = this.#mapOf(subject) ?? new Map<string, OneOrMore<T>>()
    if (subject.kind === 'attribute') this.attribute.set(subject.key, map)
    const known = map.get(subject.value)
    if (known === undefined) map.set(subject.value, thing)
    else if (known instanceof Set) known.add(thing)
    else map.set(subject.value, new Set([known, thing]))
  }

  delete(subject: Subject, thing: T): void {
    const map = this.#mapOf(subject)
    const known = map?.get(subject.value)
    if (known instanceof Set) known.delete(thing)
    if (known === thing || (known instanceof Set && known.size === 0)) map?.delete(subject.value)
    if (subject.kind === 'attribute' && map?.size === 0) this.attribute.delete(subject.key)
  }

  #mapOf(subject: Subject): Map<string, OneOrMore<T>> | undefined {
    return subject.kind === 'attribute' ? this.attribute.get(subject.key) : this[subject.kind]
  }
}
