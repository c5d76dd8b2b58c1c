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
    const timer: unknown = setTimeout(callback, milliseconds)
    if (isUnrefable(timer)) timer.unref()
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>)
  },
}

function isUnrefable(timer: unknown): timer is { unref(): void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function'
}
