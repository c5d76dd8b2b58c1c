import { unavailable } from '../authenticator/errors.ts'
import { BUSY_SECONDS } from './retry-after.ts'
import { canWorkInBackground } from './runtime.ts'

/**
 * Runs a task now or, when too many run already, later. Throws when too many wait, or when the signal is aborted before it is
 * the task's turn.
 */
export type ConcurrencyLimit = <T>(task: () => Promise<T>, signal?: AbortSignal) => Promise<T>

/** Options of {@link limitConcurrency}. */
export interface ConcurrencyLimitOptions {
  readonly maxRunning: number
  readonly maxWaiting: number
  /** The message for those who cannot even wait. */
  readonly tooMany: string
}

/**
 * Bounds how many tasks run and how many wait; what is beyond is *unavailable* at once, with a time to try again, so that a flood costs
 * nothing.
 *
 * Nothing is bounded where a request that its client gave up takes its task along without a word, as on Cloudflare's runtime: it
 * would never give its place back. There the runtime bounds what each request may cost.
 */
export function limitConcurrency(options: ConcurrencyLimitOptions): ConcurrencyLimit {
  if (!canWorkInBackground()) return (task) => task()
  const { maxRunning, maxWaiting, tooMany } = options
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
          unavailable('it was not its turn in time', {
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
    if (running >= maxRunning) {
      if (waiting.size >= maxWaiting) throw unavailable(tooMany, { retryAfterSeconds: BUSY_SECONDS })
      // Whoever ends hands its place on, so `running` stays as it is.
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
