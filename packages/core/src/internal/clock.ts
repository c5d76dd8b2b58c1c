/** The source of time. Injected everywhere, so that tests and unusual runtimes can define "now". */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once after this time, and returns a function that cancels the timer. Never keeps a process alive. */
  after(milliseconds: number, callback: () => void): () => void
}

/** The clock and timers of the runtime: the default of every {@link Clock} option. */
export const systemClock: Clock = {
  now: Date.now,
  after(milliseconds, callback) {
    let timer: unknown
    const wait = (remaining: number): void => {
      const now = Math.min(remaining, LONGEST_TIMEOUT_MS)
      timer = setTimeout(() => (remaining > now ? wait(remaining - now) : callback()), now)
      if (isUnrefable(timer)) timer.unref()
    }
    wait(milliseconds)
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>)
  },
}

/** The longest timeout of runtimes, about 25 days; a longer one would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

function isUnrefable(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function'
}

/**
 * Milliseconds since some time in the past, for how long something lasts. The runtime's clock can be set back or forward, so its own time, which only goes on, is taken instead;
 * the time of a clock that was given is what its giver wants it to be.
 */
export function elapsedTimeOf(given: Clock | undefined): () => number {
  return given === undefined ? () => performance.now() : () => given.now()
}

/** Whether something is still fresh that is so for a time from now on. The time that has passed counts, too: it would last longer where the clock is set back. */
export function freshFor(clock: Clock, milliseconds: number): () => boolean {
  const elapsedMs = elapsedTimeOf(clock === systemClock ? undefined : clock)
  const [sinceMs, beganMs] = [clock.now(), elapsedMs()]
  return () => {
    const ageMs = clock.now() - sinceMs
    return ageMs >= 0 && ageMs < milliseconds && elapsedMs() - beganMs < milliseconds
  }
}
