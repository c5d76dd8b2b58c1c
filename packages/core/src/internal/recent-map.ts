/**
 * A map with a maximum number of entries, which evicts the least recently used one. Memory is allocated only with the first entry: most caches
 * never store a refusal, and some never store anything. It does not handle expiration.
 */
export class RecentMap<Value extends object | number> {
  readonly #maxEntries: number
  #entries: Map<string, Entry<Value>> | undefined
  /** Of a ring of all entries: after it is the least recently used one, before it the most recent. */
  #ring: Entry<Value> | undefined

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get(key: string): Value | undefined {
    const entry = this.#entries?.get(key)
    if (entry === undefined) return undefined
    this.#use(entry)
    return entry.value
  }

  set(key: string, value: Value): void {
    this.#entries ??= new Map()
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.value = value
      this.#use(known)
      return
    }
    if (this.#entries.size >= this.#maxEntries && this.#ring !== undefined) this.delete(this.#ring.next.key)
    const entry = new Entry(key, value)
    this.#entries.set(key, entry)
    if (this.#ring !== undefined) entry.insertAfter(this.#ring)
    this.#ring = entry
  }

  delete(key: string): void {
    const entry = this.#entries?.get(key)
    if (entry === undefined) return
    this.#entries?.delete(key)
    if (entry === this.#ring) this.#ring = entry.previous === entry ? undefined : entry.previous
    entry.remove()
  }

  /** Makes an entry the most recent one. */
  #use(entry: Entry<Value>): void {
    const last = this.#ring
    if (entry === last || last === undefined) return
    entry.remove()
    entry.insertAfter(last)
    this.#ring = entry
  }
}

/** An entry in a ring. */
class Entry<Value> {
  readonly key: string
  value: Value
  previous: Entry<Value> = this
  next: Entry<Value> = this

  constructor(key: string, value: Value) {
    this.key = key
    this.value = value
  }

  remove(): void {
    this.previous.next = this.next
    this.next.previous = this.previous
  }

  insertAfter(entry: Entry<Value>): void {
    this.previous = entry
    this.next = entry.next
    entry.next.previous = this
    entry.next = this
  }
}
