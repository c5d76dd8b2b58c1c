import type { Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { GRACE_MS, isDone } from '../../internal/shared-work.ts'

/** Options of {@link limitedFetch}. */
export interface LimitedFetchOptions {
  /** Fetches once. Must not reject, and must end within the time limit. */
  readonly work: () => Promise<void>
  /** Whether the last fetch failed. If so, callers do not wait for the next turn. */
  readonly hasFailed: () => boolean
  readonly clock: Clock
  /** Time limit of one fetch. */
  readonly timeoutSeconds: number
}

/** A shared, rate-limited fetch. */
export interface LimitedFetch {
  isUnderWay(): boolean
  /** Whether a fetch may start now. */
  isAllowed(): boolean
  /** Waits for the current fetch, or starts one. Never rejects; `false` if the rate limit prevents a fetch. */
  refresh(): Promise<boolean>
  /**
   * Waits for a fetch that has what `isFound` looks for, if necessary until the rate limit allows one. `busy`: too many callers wait
   * already, so it may exist.
   */
  search(isFound: () => Awaitable<boolean>): Promise<'found' | 'absent' | 'busy'>
  /** Starts a fetch without waiting for it, unless one is under way or the rate limit prevents it. */
  inBackground(): Awaitable<void>
}

/** Limits fetches to a burst of three, then one every five seconds. Concurrent callers share one fetch, and at most 256 wait for the next. */
export function limitedFetch({ work, hasFailed, clock, timeoutSeconds }: LimitedFetchOptions): LimitedFetch {
  const limit = fetchLimit()
  let waitingUntilMs: readonly number[] = []
  let underWay: Flight | undefined

  /** Starts a fetch; `undefined` if the rate limit prevents it. */
  const begin = (): Flight | undefined => {
    const nowMs = clock.now()
    if (!limit.take(nowMs)) return undefined
    // The fetch ends before that by its own time limit.
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

  /** Waits for a fetch, if necessary for its turn. `false` if too many callers wait already. */
  const next = async (): Promise<boolean> => {
    // Do not wait for a server that is down.
    if ((await refresh()) || hasFailed()) return true
    const nowMs = clock.now()
    // Drop waiters whose time is over: their requests may have been abandoned.
    const others = waitingUntilMs.filter((untilMs) => untilMs > nowMs)
    if (others.length >= MAX_WAITING) return false
    const waitMs = limit.waitMs(nowMs)
    waitingUntilMs = [...others, nowMs + waitMs]
    // One timer per waiter: on some runtimes a timer ends with the request that started it.
    await new Promise<void>((resolve) => void clock.after(waitMs, resolve))
    await refresh()
    return true
  }

  return {
    isUnderWay: () => underWay !== undefined,
    isAllowed: () => limit.waitMs(clock.now()) <= 0,
    refresh,
    async search(isFound) {
      // A fetch that began before may miss what is newer.
      const mayMiss = underWay !== undefined
      let isSure = await next()
      if (await isFound()) return 'found'
      // Do not wait twice for a server that hangs.
      if (mayMiss && !hasFailed()) {
        isSure = await next()
        if (await isFound()) return 'found'
      }
      return isSure ? 'absent' : 'busy'
    },
    inBackground() {
      if (underWay !== undefined && clock.now() < underWay.endsAtMs) return undefined
      const own = begin()
      // Wait only on runtimes where the fetch would end with the request that started it.
      if (own === undefined || canWorkInBackground()) return undefined
      return isDone(own.done, PATIENCE_MS, clock).then(() => undefined)
    },
  }
}

/** A fetch under way. */
interface Flight {
  readonly endsAtMs: number
  /** Never rejects. */
  readonly done: Promise<void>
}

/** Maximum number of callers that wait for their turn. */
const MAX_WAITING = 256
/** How long a request with known keys waits for a background fetch that would otherwise end with it. */
const PATIENCE_MS = 5000

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
