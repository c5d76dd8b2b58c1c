import type { Clock } from '@kube-authn/core'

/** A clock that stands still until it is told to go on. */
export interface FixedClock extends Clock {
  /** Timers that are neither due nor called off. */
  readonly pending: number
  /** Goes on, and calls back what comes due on the way: in order of time, then in the order they were set. */
  advance(milliseconds: number): void
  /** The same, but lets promises settle before, between and after the timers. */
  advanceAsync(milliseconds: number): Promise<void>
}

/**
 * A clock for whatever takes a `Clock`. Timers see the time they are due at, and may set further timers.
 *
 * @param startMs what it shows, in milliseconds since the epoch. Default 2030-01-01T00:00:00Z.
 * @example
 * const clock = fixedClock()
 * const tokens = cached(slowTokens, { successTtlSeconds: 10, clock })
 * clock.advance(10_000) // nothing is remembered any more
 */
export function fixedClock(startMs: number = Date.UTC(2030, 0, 1)): FixedClock {
  let now = startMs
  const timers = new Set<Timer>()

  /** Calls back the next timer that is due by then; `false` if there is none. */
  const fireNext = (untilMs: number): boolean => {
    let next: Timer | undefined
    for (const timer of timers) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer
    }
    if (next === undefined) return false
    timers.delete(next)
    now = Math.max(now, next.dueMs)
    next.callback()
    return true
  }

  return {
    now: () => now,
    after(milliseconds, callback) {
      const timer = { dueMs: now + Math.max(0, milliseconds), callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    get pending() {
      return timers.size
    },
    advance(milliseconds) {
      const untilMs = now + milliseconds
      while (fireNext(untilMs));
      now = untilMs
    },
    async advanceAsync(milliseconds) {
      const untilMs = now + milliseconds
      do await promisesSettle()
      while (fireNext(untilMs))
      now = untilMs
      await promisesSettle()
    },
  }
}

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

// Taken now, so that it still works in a test that replaces the runtime's timers.
const { setTimeout } = globalThis

/** A turn of the event loop: by its end, whatever promises could do without waiting for something outside is done. */
function promisesSettle(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0))
}
