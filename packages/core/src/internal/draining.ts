import type { Clock } from './clock.ts'

/** How long what was replaced stays open for requests in progress. */
const DRAIN_MS = 60_000

/** What was replaced and is still open. */
export class Draining {
  readonly #clock: Clock
  readonly #ends = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Closes it after a while, or with all others. */
  add(old: { close(): void }): void {
    const end = (): void => {
      cancel()
      this.#ends.delete(end)
      old.close()
    }
    const cancel = this.#clock.after(DRAIN_MS, end)
    this.#ends.add(end)
  }

  endAll(): void {
    for (const end of this.#ends) end()
  }
}
