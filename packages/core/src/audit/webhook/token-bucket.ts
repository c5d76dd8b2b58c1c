/** A rate, with bursts. */
export interface TokenBucket {
  /** Takes one now, and returns 0; or takes none, and returns for how many milliseconds there is none. */
  take(nowMs: number): number
}

/**
 * Lets so many pass in a second on average, and so many at once after a quiet time.
 *
 * Source: client-go `util/flowcontrol/throttle.go`.
 */
export function tokenBucket(perSecond: number, burst: number): TokenBucket {
  let tokens = burst
  let filledMs: number | undefined
  return {
    take(nowMs) {
      const elapsedMs = Math.max(0, nowMs - (filledMs ?? nowMs))
      tokens = perSecond === Infinity ? burst : Math.min(burst, tokens + (elapsedMs * perSecond) / 1000)
      filledMs = nowMs
      if (tokens >= 1) {
        tokens--
        return 0
      }
      return Math.ceil(((1 - tokens) * 1000) / perSecond)
    },
  }
}
