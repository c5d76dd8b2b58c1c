/**
 * A map with a maximum number of entries, which evicts the least recently used one. An entry that is as large as several counts as several. Memory is allocated only with the first entry: most caches
 * never store a refusal, and some never store anything. It does not handle expiration.
 */
export class RecentMap<Value extends object | number> {
  readonly #maxEntries: number
  #entries: Map<string, Entry<Value>> | undefined
  /** How many entries there are, as they count. */
  #size = 0
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

  /** @param entries as how many entries it counts. */
  set(key: string, value: Value, entries = 1): void {
    this.delete(key)
    const size = Math.min(entries, this.#maxEntries)
    this.#entries ??= new Map()
    while (this.#size + size > this.#maxEntries && this.#ring !== undefined) this.delete(this.#ring.next.key)
    const entry = new Entry(key, value, size)
    this.#entries.set(key, entry)
    this.#size += size
    if (this.#ring !== undefined) entry.insertAfter(this.#ring)
    this.#ring = entry
  }

  delete(key: string): void {
    const entry = this.#entries?.get(key)
    if (entry === undefined) return
    this.#entries?.delete(key)
    this.#size -= entry.size
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
  readonly value: Value
  readonly size: number
  previous: Entry<Value> = this
  next: Entry<Value> = this

  constructor(key: string, value: Value, size: number) {
    this.key = key
    this.value = value
    this.size = size
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

/** As how many entries something counts that was made of this many bytes or characters: so many for each entry that it takes. */
export function entriesOf(length: number): number {
  return 1 + Math.floor(length / BYTES_OF_AN_ENTRY)
}

const BYTES_OF_AN_ENTRY = 4096
