/** Where time comes from. Injected everywhere, so that tests and runtimes with unusual clocks decide what "now" is. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once when the time has passed; the returned function calls it off. Never keeps a process alive. */
  after(milliseconds: number, callback: () => void): () => void
}

/** The runtime's own clock and timers: the default wherever a {@link Clock} can be given. */
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

/** What a runtime can count, about 25 days; what is longer would end at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

function isUnrefable(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function'
}
