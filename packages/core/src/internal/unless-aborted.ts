import { unavailable } from '../authenticator/errors.ts'
import type { Awaitable } from './awaitable.ts'

/** The result, unless the signal is aborted first. @throws {AuthenticationError} `unavailable` if the signal is aborted. */
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
      // Adopts the result, including a rejection, which would otherwise be unhandled.
      resolve(result)
    }
    void result.then(settle, settle)
  })
}
