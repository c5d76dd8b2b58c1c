/** An entry between those that were used before and after it. */
interface Entry<Value> {
  readonly key: string
  readonly value: Value
  older: Entry<Value> | undefined
  newer: Entry<Value> | undefined
}

/**
 * A map of at most so many entries, of which the one goes first that was read or set longest ago. An `undefined` in it is none.
 *
 * The entries are a list too, in the order of their use, because a `Map` in that order needs a long time to find its first key. It takes no
 * memory for entries it has not.
 */
export class RecentMap<Value> {
  readonly #maxEntries: number
  readonly #entries = new Map<string, Entry<Value>>()
  #oldest: Entry<Value> | undefined
  #newest: Entry<Value> | undefined

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry !== this.#newest) {
      this.#takeOut(entry)
      this.#append(entry)
    }
    return entry.value
  }

  set(key: string, value: Value): void {
    if (this.#entries.has(key)) this.delete(key)
    const entry: Entry<Value> = { key, value, older: undefined, newer: undefined }
    this.#entries.set(key, entry)
    this.#append(entry)
    if (this.#entries.size > this.#maxEntries && this.#oldest !== undefined) this.delete(this.#oldest.key)
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#takeOut(entry)
  }

  #takeOut(entry: Entry<Value>): void {
    const { older, newer } = entry
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }

  #append(entry: Entry<Value>): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }
}
