import { lruCache } from '#lru-cache'
import type { LRUCache } from 'lru-cache'

/**
 * A map with a maximum number of entries, which evicts the least recently used one. The library is loaded and memory allocated only with the
 * first entry: most caches never store a refusal, and some never store anything.
 *
 * It does not handle expiration: the ttl of lru-cache never ends on some runtimes.
 */
export class RecentMap<Value extends object | number> {
  readonly #maxEntries: number
  #entries: LRUCache<string, Value> | undefined

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get(key: string): Value | undefined {
    return this.#entries?.get(key)
  }

  set(key: string, value: Value): void {
    this.#entries ??= new (lruCache())<string, Value>({ max: this.#maxEntries })
    this.#entries.set(key, value)
  }

  delete(key: string): void {
    this.#entries?.delete(key)
  }
}
