import type { Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import { canWorkInBackground } from '../../internal/runtime.ts'
import { GRACE_MS, isDone } from '../../internal/shared-work.ts'

export interface LimitedFetchOptions {
  /** Fetches once. Must not reject, and must end within the time limit. */
  readonly work: () => Promise<void>
  /** Whether the last fetch failed. If so, callers do not wait for the next turn. */
  readonly hasFailed: () => boolean
  readonly clock: Clock
  readonly timeoutSeconds: number
}

/** Limits fetches to a burst of three, then one every five seconds. Concurrent callers share one fetch, and at most 256 wait for the next. */
export function limitedFetch(options: LimitedFetchOptions): LimitedFetch {
  return new LimitedFetch(options)
}

export class LimitedFetch {
  readonly #options: LimitedFetchOptions
  readonly #limit = new FetchLimit()
  #waitingUntilMs: readonly number[] = []
  #underWay: Flight | undefined
  #fetchesBegun = 0

  constructor(options: LimitedFetchOptions) {
    this.#options = options
  }

  isUnderWay(): boolean {
    return this.#underWay !== undefined
  }

  /** Whether a fetch may start now. */
  isAllowed(): boolean {
    return this.#limit.waitMs(this.#options.clock.now()) <= 0
  }

  /** Waits for the current fetch, or starts one. Never rejects; `false` if the rate limit prevents a fetch. */
  async refresh(): Promise<boolean> {
    const { clock } = this.#options
    for (let flight = this.#underWay; flight !== undefined; flight = this.#underWay) {
      if (await isDone(flight.done, flight.endsAtMs - clock.now(), clock)) return true
      this.#forget(flight)
    }
    const own = this.#begin()
    await own?.done
    return own !== undefined
  }

  /** Waits for a fetch that has what `isFound` looks for, if necessary until the rate limit allows one. `busy`: too many callers wait already, so it may exist. */
  async search(isFound: () => Awaitable<boolean>): Promise<'found' | 'absent' | 'busy'> {
    // A fetch that began before may miss what is newer.
    const mayMiss = this.isUnderWay()
    let isSure = await this.#next()
    if (await isFound()) return 'found'
    // Do not wait twice for a server that hangs.
    if (mayMiss && !this.#options.hasFailed()) {
      isSure = await this.#next()
      if (await isFound()) return 'found'
    }
    return isSure ? 'absent' : 'busy'
  }

  /** Starts a fetch without waiting for it, unless one is under way or the rate limit prevents it. */
  inBackground(): Awaitable<void> {
    const { clock } = this.#options
    if (this.#underWay !== undefined && clock.now() < this.#underWay.endsAtMs) return undefined
    const own = this.#begin()
    // Wait only on runtimes where the fetch would end with the request that started it.
    if (own === undefined || canWorkInBackground()) return undefined
    return isDone(own.done, PATIENCE_MS, clock).then(() => undefined)
  }

  /** Starts a fetch; `undefined` if the rate limit prevents it. */
  #begin(): Flight | undefined {
    const { work, clock, timeoutSeconds } = this.#options
    const nowMs = clock.now()
    if (!this.#limit.take(nowMs)) return undefined
    this.#fetchesBegun++
    // The fetch ends before that by its own time limit.
    const flight = { endsAtMs: nowMs + timeoutSeconds * 1000 + GRACE_MS, done: work() }
    this.#underWay = flight
    void flight.done.then(() => this.#forget(flight))
    return flight
  }

  #forget(flight: Flight): void {
    if (this.#underWay === flight) this.#underWay = undefined
  }

  /** Waits for a fetch, if necessary for its turn. `false` if there was none: too many callers wait already, or the clock did not go on meanwhile. */
  async #next(): Promise<boolean> {
    const { clock, hasFailed } = this.#options
    // Do not wait for a server that is down.
    if ((await this.refresh()) || hasFailed()) return true
    const nowMs = clock.now()
    // Drop waiters whose time is over: their requests may have been abandoned.
    const others = this.#waitingUntilMs.filter((untilMs) => untilMs > nowMs)
    if (others.length >= MAX_WAITING) return false
    this.#waitingUntilMs = [...others, nowMs + this.#limit.waitMs(nowMs)]
    const begun = this.#fetchesBegun
    // More than once, since a timer is early where the clock is slow. A fetch that another waiter has begun meanwhile is late enough.
    for (let waits = 0; waits < 4 && this.#fetchesBegun === begun; waits++) {
      // One timer per waiter: on some runtimes a timer ends with the request that started it.
      await new Promise<void>((resolve) => void clock.after(this.#limit.waitMs(clock.now()), resolve))
      await this.refresh()
    }
    return this.#fetchesBegun !== begun
  }
}

interface Flight {
  readonly endsAtMs: number
  readonly done: Promise<void>
}

const MAX_WAITING = 256
/** How long a request with known keys waits for a background fetch that would otherwise end with it. */
const PATIENCE_MS = 5000

const BURST = 3
const INTERVAL_MS = 5000

/** A burst of three calls, then one every five seconds, so that a flood of invalid tokens does not become a flood of requests to the issuer. */
export class FetchLimit {
  #left = BURST
  #countedAtMs = -Infinity

  /** Takes one call if available. */
  take(nowMs: number): boolean {
    if (this.waitMs(nowMs) > 0) return false
    this.#left--
    return true
  }

  /** Time until a call is available. */
  waitMs(nowMs: number): number {
    this.#left = Math.min(BURST, this.#left + Math.max(0, nowMs - this.#countedAtMs) / INTERVAL_MS)
    this.#countedAtMs = nowMs
    return Math.max(0, Math.ceil((1 - this.#left) * INTERVAL_MS))
  }
}
