import type { Clock } from '../clock.ts'

/** Approximate recent counts of any number of keys, in a fixed amount of memory. */
export interface RecentUse {
  add(key: string): void
  /** The count as of the last call of {@link RecentUse.add} or {@link RecentUse.halve}. */
  of(key: string): number
  /** Brings the counts up to date. */
  halve(): void
}

/** Few enough to be cheap, but enough that a busy key rarely shares its count with another one. */
const SLOTS = 4096
/** After this many halvings every count is 0. */
const MAX_HALVINGS = 32

/**
 * Counts that are halved at every half-life.
 *
 * Keys may share a count. So they must be digests under a secret key, as from `keyedDigest`: then an attacker cannot choose which key shares
 * a count with theirs.
 */
export function recentUse(clock: Clock, halfLifeMs: number): RecentUse {
  const counts = new Uint32Array(SLOTS)
  let halvedAtMs = clock.now()

  const halve = (): void => {
    const halvings = Math.floor((clock.now() - halvedAtMs) / halfLifeMs)
    if (halvings <= 0) return
    halvedAtMs += halvings * halfLifeMs
    if (halvings >= MAX_HALVINGS) counts.fill(0)
    else for (let slot = 0; slot < SLOTS; slot++) counts[slot] = (counts[slot] ?? 0) >>> halvings
  }

  return {
    halve,
    add(key) {
      halve()
      const slot = slotOf(key)
      counts[slot] = (counts[slot] ?? 0) + 1
    },
    of: (key) => counts[slotOf(key)] ?? 0,
  }
}

/** A digest has one character per byte. */
function slotOf(digest: string): number {
  return ((digest.charCodeAt(0) << 8) | digest.charCodeAt(1)) % SLOTS
}
