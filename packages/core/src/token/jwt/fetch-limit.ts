/** How many calls may be made, whoever asks for them. */
export interface FetchLimit {
  /** Takes one call, if there is one left. */
  take(nowMs: number): boolean
  /** How long it is until there is one left. */
  waitMs(nowMs: number): number
}

const BURST = 3
const INTERVAL_MS = 5000

/**
 * Three calls at once, and one more every five seconds: tokens that nobody knows must not become requests that an issuer cannot
 * keep up with.
 */
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
