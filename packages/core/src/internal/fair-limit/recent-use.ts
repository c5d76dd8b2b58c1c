import type { Clock } from '../clock.ts'

/** How often each of any number of keys was counted lately, about: in a fixed amount of memory. */
export interface RecentUse {
  add(key: string): void
  /** As it was when something was last added or {@link RecentUse.halve} was called. */
  of(key: string): number
  /** Brings the counts up to date. */
  halve(): void
}

/** Few enough to be cheap, and so many that a busy key rarely shares its count with another one. */
const SLOTS = 4096
/** After so many halvings nothing is left of any count. */
const MAX_HALVINGS = 32

/**
 * Counts, each of which halves again and again.
 *
 * Keys share counts by chance. So they must be digests under a secret key, as those of `keyedDigest` are: then an attacker cannot choose which
 * other key shares a count with their own.
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

/** A digest has one byte in each character. */
function slotOf(digest: string): number {
  return ((digest.charCodeAt(0) << 8) | digest.charCodeAt(1)) % SLOTS
}
