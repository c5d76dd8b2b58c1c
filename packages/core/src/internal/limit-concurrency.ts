import { unavailable } from '../authenticator/errors.ts'
import { BUSY_SECONDS } from './retry-after.ts'
import { canWorkInBackground } from './runtime.ts'

/** Runs a task at once, or later if too many are running. Throws if too many are waiting, or if the signal is aborted before the task starts. */
export type ConcurrencyLimit = <T>(task: () => Promise<T>, signal?: AbortSignal) => Promise<T>

export interface ConcurrencyLimitOptions {
  readonly maxConcurrent: number
  readonly maxWaiting: number
  /** The error message if too many tasks are waiting. */
  readonly tooMany: string
}

/**
 * Limits how many tasks run and how many wait. Further tasks are *unavailable* at once, with a time to retry, so that a flood is cheap.
 *
 * There is no limit on runtimes that silently end a task with its request, such as Cloudflare's: the task would never release its slot.
 * Such a runtime limits the cost of each request itself.
 */
export function limitConcurrency(options: ConcurrencyLimitOptions): ConcurrencyLimit {
  if (!canWorkInBackground()) return (task) => task()
  const { maxConcurrent, maxWaiting, tooMany } = options
  let running = 0
  const waiting = new Set<() => void>()

  const ownTurn = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = (): void => {
        waiting.delete(start)
        reject(
          unavailable('aborted while waiting for its turn', {
            cause: signal?.reason,
            retryAfterSeconds: BUSY_SECONDS,
          }),
        )
      }
      if (signal?.aborted === true) {
        giveUp()
        return
      }
      waiting.add(start)
      signal?.addEventListener('abort', giveUp, { once: true })
    })

  return async (task, signal) => {
    if (running >= maxConcurrent) {
      if (waiting.size >= maxWaiting) throw unavailable(tooMany, { retryAfterSeconds: BUSY_SECONDS })
      // A finished task passes its slot on, so `running` does not change.
      await ownTurn(signal)
    } else {
      running++
    }
    try {
      return await task()
    } finally {
      const [next] = waiting
      if (next === undefined) {
        running--
      } else {
        waiting.delete(next)
        next()
      }
    }
  }
}
