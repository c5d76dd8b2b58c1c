/** A rate limit shared by all callers. */
export interface FetchLimit {
  /** Takes one call if available. */
  take(nowMs: number): boolean
  /** Time until a call is available. */
  waitMs(nowMs: number): number
}

const BURST = 3
const INTERVAL_MS = 5000

/** A burst of three calls, then one every five seconds, so that a flood of invalid tokens does not become a flood of requests to the issuer. */
export function fetchLimit(): FetchLimit {
  let left = BURST
  let countedAtMs = -Infinity
  const count = (nowMs: number): void => {
    left = Math.min(BURST, left + Math.max(0, nowMs - countedAtMs) / INTERVAL_MS)
    countedAtMs = nowMs
  }
  return {
    take(nowMs) {
      count(nowMs)
      if (left < 1) return false
      left--
      return true
    },
    waitMs(nowMs) {
      count(nowMs)
      return Math.max(0, Math.ceil((1 - left) * INTERVAL_MS))
    },
  }
}
