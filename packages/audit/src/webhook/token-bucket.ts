export interface TokenBucket {
  /** Takes a token and returns 0, or returns the milliseconds until the next token. */
  take(nowMs: number): number
}

/**
 * Allows `perSecond` tokens per second on average, and up to `burst` at once after an idle period.
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
      // Fractions of a token add up to a little less than one.
      if (tokens >= 1 - ROUNDING) {
        tokens = Math.max(0, tokens - 1)
        return 0
      }
      return Math.ceil(((1 - tokens) * 1000) / perSecond)
    },
  }
}

const ROUNDING = 1e-9
