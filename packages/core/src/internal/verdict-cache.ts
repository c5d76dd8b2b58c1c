import type { Clock } from './clock.ts'
import { RecentMap } from './recent-map/recent-map.ts'

/** Remembers verdicts, each for a time of its own. */
export interface VerdictCache<V> {
  /** What is remembered of this question and still good. */
  get(key: string): V | undefined
  /** Remembers a verdict in place of what was remembered before. */
  remember(key: string, verdict: V, kind: VerdictKind, expiresAtMs: number): void
}

/** Whether a verdict let something pass. */
export type VerdictKind = 'accepted' | 'refused'

/**
 * A cache in which refusals cannot push out acceptances: an attacker can cause any number of refusals, by making up credentials, and
 * must not cost a good one its place in it. Each kind has room for `maxEntries`, and what was used longest ago goes first.
 */
export function verdictCache<V>(clock: Clock, maxEntries: number): VerdictCache<V> {
  const accepted = new RecentMap<Entry<V>>(maxEntries)
  const refused = new RecentMap<Entry<V>>(maxEntries)

  const fresh = (entries: RecentMap<Entry<V>>, key: string): V | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || clock.now() < entry.expiresAtMs) return entry?.verdict
    entries.delete(key)
    return undefined
  }

  return {
    get: (key) => fresh(accepted, key) ?? fresh(refused, key),
    remember(key, verdict, kind, expiresAtMs) {
      if (kind === 'accepted') {
        refused.delete(key)
        accepted.set(key, { verdict, expiresAtMs })
      } else {
        accepted.delete(key)
        refused.set(key, { verdict, expiresAtMs })
      }
    },
  }
}

interface Entry<V> {
  readonly verdict: V
  readonly expiresAtMs: number
}
