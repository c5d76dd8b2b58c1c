import type { Awaitable } from './awaitable.ts'
import type { Clock } from './clock.ts'
import { unavailable } from '../authenticator/errors.ts'

/** How much later than it should work may end, before it counts as gone. */
export const GRACE_MS = 1000

/**
 * Waits for work that another request may have begun, and that never rejects by itself.
 *
 * On Cloudflare's runtime, work ends together with the request that began it, when that was answered or its client has gone. Whoever
 * waits for the work gets an error then, or, on older ones, nothing.
 *
 * @param clock of which a timer belongs to the request that waits.
 * @returns whether the work was done in time. Where it was not, it is over for good.
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

/**
 * The result, unless the caller gives up first.
 *
 * @throws {AuthenticationError} `unavailable` when the caller gave up.
 */
export function unlessAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Awaitable<T> {
  if (signal === undefined) return result
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => reject(unavailable('the caller gave up', { cause: signal.reason }))
    if (signal.aborted) {
      giveUp()
      return
    }
    signal.addEventListener('abort', giveUp, { once: true })
    const settle = (): void => {
      signal.removeEventListener('abort', giveUp)
      // As the result does, also where it rejects after all: nothing else would handle that.
      resolve(result)
    }
    void result.then(settle, settle)
  })
}
