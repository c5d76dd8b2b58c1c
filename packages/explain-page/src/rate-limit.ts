import type { Clock } from '@kube-authn/core'

/** Takes one request from an allowance that grows evenly. @returns the seconds until the next one is possible; 0 if this one is. */
export type TakeOne = () => number

/** An allowance of so many requests in a minute, all of which may come at once. */
export function rateLimit(perMinute: number, clock: Clock): TakeOne {
  let left = perMinute
  let atMs = clock.now()
  return () => {
    const nowMs = clock.now()
    // A clock that was set back gives nothing.
    left = Math.min(perMinute, left + (Math.max(0, nowMs - atMs) * perMinute) / 60_000)
    atMs = nowMs
    if (left >= 1) {
      left -= 1
      return 0
    }
    return Math.max(1, Math.ceil(((1 - left) * 60) / perMinute))
  }
}
