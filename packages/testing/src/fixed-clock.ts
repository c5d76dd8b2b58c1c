import type { Clock } from '@kube-authn/core'

/** A clock that stands still until it is advanced. */
export interface FixedClock extends Clock {
  /** The number of pending timers. */
  readonly pending: number
  /** Advances the clock and fires due timers: in order of time, then in the order they were set. */
  advance(milliseconds: number): void
  /** Like `advance`, but lets promises settle before, between and after the timers. */
  advanceAsync(milliseconds: number): Promise<void>
}

/**
 * A clock for anything that takes a `Clock`. Timers see the time they are due at, and may set further timers.
 *
 * @param startMs its initial time, in milliseconds since the epoch. Default 2030-01-01T00:00:00Z.
 * @example
 * const clock = fixedClock()
 * const tokens = cached(slowTokens, { successTtlSeconds: 10, clock })
 * clock.advance(10_000) // the cache is empty again
 */
export function fixedClock(startMs: number = Date.UTC(2030, 0, 1)): FixedClock {
  let now = startMs
  const timers = new Set<Timer>()

  /** Fires the next timer that is due by then; `false` if there is none. */
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

// Read now, so that it still works in a test that replaces the runtime's timers.
const { setTimeout } = globalThis

/** Waits for a turn of the event loop: by then all promises that do not wait for I/O or timers have settled. */
function promisesSettle(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0))
}
