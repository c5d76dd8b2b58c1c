import type { Random } from './random.ts'

/** The clocks of a machine. Both are read in milliseconds, and neither is right. */
export interface MachineClock {
  wallMs(): number
  elapsedMs(): number
  /** Sets the clock forward, or back. */
  jump(byMs: number): void
  /** How fast the clock goes. 1: as time does. 0: it stands still. The monotonic time is not affected. */
  setRate(rate: number): void
  /** The machine sleeps for a time, which its clock counts, and the monotonic time does not. */
  sleep(forMs: number): void
  /** What the clock is ahead. */
  aheadMs(): number
  /** Since when it goes at least nearly as fast as time; `Infinity` while it does not. */
  steadySinceMs(): number
  /** When it was set for the last time. */
  jumpedMs(): number
}

/** The monotonic time is that much wrong at most: stores count on twice as much. */
const DRIFT_PER_MILLION = 50

/** A clock that is right, as far as clocks are. */
export function machineClock(trueMs: () => number, random: Random): MachineClock {
  const drift = (random.below(2 * DRIFT_PER_MILLION + 1) - DRIFT_PER_MILLION) / 1e6
  let bootedMs = trueMs() - random.below(1e9)
  let sinceMs = trueMs()
  let baseMs = sinceMs + random.below(11) - 5
  let rate = 1
  let steadySinceMs = sinceMs
  let jumpedMs = 0
  const wallMs = (): number => Math.floor(baseMs + (trueMs() - sinceMs) * rate)
  const rebase = (nextMs: number): void => {
    baseMs = nextMs
    sinceMs = trueMs()
  }
  const setRate = (next: number): void => {
    rebase(wallMs())
    rate = next
    if (rate < 0.9) steadySinceMs = Infinity
    else if (steadySinceMs === Infinity) steadySinceMs = trueMs()
  }
  return {
    wallMs,
    elapsedMs: () => (trueMs() - bootedMs) * (1 + drift),
    jump(byMs) {
      rebase(wallMs() + byMs)
      jumpedMs = trueMs()
    },
    jumpedMs: () => jumpedMs,
    setRate,
    sleep(forMs) {
      setRate(1)
      bootedMs += forMs
    },
    aheadMs: () => wallMs() - trueMs(),
    steadySinceMs: () => steadySinceMs,
  }
}
