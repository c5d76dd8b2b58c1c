import type { Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { GRACE_MS, isDone } from '../../internal/shared-work.ts'
import { fetchLimit } from './fetch-limit.ts'

/** Options of {@link limitedFetch}. */
export interface LimitedFetchOptions {
  /** Fetches, once. It must not reject, and it ends by itself within the time limit. */
  readonly work: () => Promise<void>
  /** Whether the last fetch failed. Nothing waits for its turn while it has. */
  readonly hasFailed: () => boolean
  readonly clock: Clock
  /** How long one fetch may take. */
  readonly timeoutSeconds: number
}

/** A fetch that many ask for and that is made seldom. */
export interface LimitedFetch {
  isUnderWay(): boolean
  /** Whether a fetch may begin at this moment. */
  isAllowed(): boolean
  /** Waits for the fetch under way, or for a new one. Never rejects; `false` when there was one just now. */
  refresh(): Promise<boolean>
  /** Waits for a fetch, perhaps until there may be one. `false`: so many wait that this caller does not. */
  next(): Promise<boolean>
  /** Begins a fetch that nothing waits for, unless one is under way or there was one just now. */
  inBackground(): Awaitable<void>
}

/**
 * Makes three fetches at once and then one every five seconds at most, however many callers ask; all who wait share one fetch, and at most
 * 256 wait for the next.
 */
export function limitedFetch({ work, hasFailed, clock, timeoutSeconds }: LimitedFetchOptions): LimitedFetch {
  const limit = fetchLimit()
  let waitingUntilMs: readonly number[] = []
  let underWay: Flight | undefined

  /** Begins a fetch; `undefined` when there was one just now. */
  const begin = (): Flight | undefined => {
    const nowMs = clock.now()
    if (!limit.take(nowMs)) return undefined
    // A fetch ends by itself before that.
    const flight = { endsAtMs: nowMs + timeoutSeconds * 1000 + GRACE_MS, done: work() }
    underWay = flight
    void flight.done.then(() => forget(flight))
    return flight
  }

  const forget = (flight: Flight): void => {
    if (underWay === flight) underWay = undefined
  }

  const refresh = async (): Promise<boolean> => {
    for (let flight = underWay; flight !== undefined; flight = underWay) {
      if (await isDone(flight.done, flight.endsAtMs - clock.now(), clock)) return true
      forget(flight)
    }
    const own = begin()
    await own?.done
    return own !== undefined
  }

  return {
    isUnderWay: () => underWay !== undefined,
    isAllowed: () => limit.waitMs(clock.now()) <= 0,
    refresh,
    async next() {
      // A server that is down is not waited for.
      if ((await refresh()) || hasFailed()) return true
      const nowMs = clock.now()
      // Who is gone with a request that was given up is not counted for ever.
      const others = waitingUntilMs.filter((untilMs) => untilMs > nowMs)
      if (others.length >= MAX_WAITING) return false
      const waitMs = limit.waitMs(nowMs)
      waitingUntilMs = [...others, nowMs + waitMs]
      // Each by a timer of its own: on some runtimes it ends together with the request that began it.
      await new Promise<void>((resolve) => void clock.after(waitMs, resolve))
      await refresh()
      return true
    },
    inBackground() {
      if (underWay !== undefined && clock.now() < underWay.endsAtMs) return undefined
      const own = begin()
      // Nobody waits for it, but where it would end together with the request that began it.
      if (own === undefined || canWorkInBackground()) return undefined
      return isDone(own.done, PATIENCE_MS, clock).then(() => undefined)
    },
  }
}

/** A fetch under way. */
interface Flight {
  readonly endsAtMs: number
  /** Never rejects by itself. */
  readonly done: Promise<void>
}

/** More callers do not wait for their turn at the same time. */
const MAX_WAITING = 256
/** How long a request whose keys are known stays for the next ones, where they would not come without it. */
const PATIENCE_MS = 5000
