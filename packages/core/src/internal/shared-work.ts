import type { Clock } from './clock.ts'

/** How long work may exceed its time limit before it is considered lost. */
export const GRACE_MS = 1000

/**
 * Waits for work that another request may have started and that never rejects by itself.
 *
 * On Cloudflare's runtime, work ends with the request that started it, when that is answered or its client disconnects. Other requests that
 * wait for the work then get an error or, on older versions, no result at all.
 *
 * @param clock its timer belongs to the waiting request.
 * @returns whether the work finished in time. Otherwise it is lost.
 */
export async function isDone(work: Promise<unknown>, milliseconds: number, clock: Clock): Promise<boolean> {
  let callOff = (): void => {}
  const tooLate = new Promise<boolean>((resolve) => {
    callOff = clock.after(milliseconds, () => resolve(false))
  })
  const done = work.then(
    () => true,
    () => false,
  )
  const wasDone = await Promise.race([done, tooLate])
  callOff()
  return wasDone
}

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
