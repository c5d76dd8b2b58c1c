import type { Clock } from '../clock.ts'
import type { Deadline } from '../http/deadline.ts'
import { WebhookCallError } from './webhook-call-error.ts'

/** How failed calls are retried. */
export interface RetryOptions {
  readonly clock: Clock
  /** Returns a number between 0 and 1, for jitter. */
  readonly random: () => number
  /** The maximum number of calls, including the first. */
  readonly maxAttempts: number
  readonly initialDelayMs: number
  /** Whether the load permits retries. */
  readonly mayRepeat: () => boolean
}

const FACTOR = 1.5
const JITTER = 0.2

/**
 * Retries a call that fails with a transient error. The delays grow, and are at least as long as the server asks for. A delay that would
 * end after the deadline is not started.
 *
 * Source: apiserver `pkg/util/webhook/webhook.go` DefaultRetryBackoffWithInitialDelay.
 */
export async function withRetries<T>(
  call: () => Promise<T>,
  options: RetryOptions,
  deadline: Pick<Deadline, 'signal' | 'remainingMs'>,
): Promise<T> {
  const { signal } = deadline
  let delayMs = options.initialDelayMs
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      const isFinal = attempt >= options.maxAttempts || signal.aborted || !options.mayRepeat()
      if (isFinal || !(error instanceof WebhookCallError) || !error.isTransient) throw error
      const waitMs = Math.max(delayMs * (1 + JITTER * options.random()), error.retryAfterMs)
      if (waitMs >= deadline.remainingMs()) throw error
      await pause(waitMs, options.clock, signal)
      if (signal.aborted) throw error
      delayMs *= FACTOR
    }
  }
}

function pause(milliseconds: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(milliseconds, end)
    signal.addEventListener('abort', end, { once: true })
  })
}
