import { type Clock, freshFor } from './clock.ts'
import { RecentMap } from './recent-map.ts'

/** Caches verdicts, each with its own expiration. */
export interface VerdictCache<V> {
  /** The cached verdict, unless it expired. */
  get(key: string): V | undefined
  /** Caches a verdict and replaces an earlier one. It counts as so many entries, by default as one. */
  remember(key: string, verdict: V, kind: VerdictKind, expiresAtMs: number, entries?: number): void
  forget(key: string): void
}

/** Whether a verdict accepted or refused something. */
export type VerdictKind = 'accepted' | 'refused'

/**
 * A cache in which refusals cannot evict acceptances: an attacker can cause any number of refusals with made-up credentials. Each kind holds
 * up to `maxEntries`, and the least recently used entry is evicted first.
 */
export function verdictCache<V>(clock: Clock, maxEntries: number): VerdictCache<V> {
  const accepted = new RecentMap<Entry<V>>(maxEntries)
  const refused = new RecentMap<Entry<V>>(maxEntries)

  const fresh = (entries: RecentMap<Entry<V>>, key: string): V | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || entry.isFresh()) return entry?.verdict
    entries.delete(key)
    return undefined
  }

  return {
    get: (key) => fresh(accepted, key) ?? fresh(refused, key),
    remember(key, verdict, kind, expiresAtMs, entries) {
      const [own, other] = kind === 'accepted' ? [accepted, refused] : [refused, accepted]
      other.delete(key)
      own.set(key, { verdict, isFresh: freshFor(clock, expiresAtMs - clock.now()) }, entries)
    },
    forget(key) {
      accepted.delete(key)
      refused.delete(key)
    },
  }
}

interface Entry<V> {
  readonly verdict: V
  readonly isFresh: () => boolean
}
