import { lruCache } from '#lru-cache'
import type { LRUCache } from 'lru-cache'

/**
 * A map of at most so many entries, of which the one goes first that was used longest ago. Before something is in it nothing is loaded and no
 * room is taken: most caches remember no refusal, and some nothing at all.
 *
 * How long an entry is good is for others to say: the ttl of lru-cache never ends on some runtimes.
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
