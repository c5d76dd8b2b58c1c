import { elapsedTimeOf, systemClock } from '@kube-authn/core/internal'
import type { Clock } from '@kube-authn/core'

/** Since when a copy of something elsewhere has not been compared with it. */
export interface Freshness {
  /** The other side is about to be asked how far it is. */
  asked(this: void): void
  /** The copy has everything that was there when it was last asked. */
  confirmed(): void
  /** Whether the last time is too long ago, or there was none. */
  isStale(): boolean
  /** How long ago that was; `undefined` if there was none. */
  ageMs(): number | undefined
  /** That time, in milliseconds since the epoch; `undefined` if there was none. */
  readonly confirmedMs: number | undefined
}

/**
 * The age of a copy, by the time of the runtime, which only goes on; and by its clock, since that time may stand still while the machine sleeps. So a clock that is set back
 * lengthens nothing, and one that is set forward makes the copy stale until it is confirmed again.
 *
 * @param given a clock whose time counts for everything. Default: those of the runtime.
 * @param maxStalenessMs an age of exactly this is not too much.
 */
export function freshness(given: Clock | undefined, maxStalenessMs: number): Freshness {
  const elapsedMs = elapsedTimeOf(given)
  const clock = given ?? systemClock
  let askedMs = 0
  let askedElapsedMs = 0
  let confirmedMs: number | undefined
  let confirmedElapsedMs = 0
  return {
    asked() {
      askedMs = clock.now()
      askedElapsedMs = elapsedMs()
    },
    confirmed() {
      confirmedMs = askedMs
      confirmedElapsedMs = askedElapsedMs
    },
    isStale: () =>
      confirmedMs === undefined ||
      elapsedMs() - confirmedElapsedMs > maxStalenessMs ||
      clock.now() - confirmedMs > maxStalenessMs,
    ageMs: () => (confirmedMs === undefined ? undefined : elapsedMs() - confirmedElapsedMs),
    get confirmedMs() {
      return confirmedMs
    },
  }
}
