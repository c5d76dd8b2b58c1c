import type { Clock } from '../clock.ts'
import type { Deadline } from '../http/deadline.ts'
import { WebhookCallError } from './webhook-call-error.ts'

/** How failed calls are repeated. */
export interface RetryOptions {
  readonly clock: Clock
  /** Between 0 and 1, so that servers do not ask in step. */
  readonly random: () => number
  /** All calls together. */
  readonly maxAttempts: number
  readonly initialDelayMs: number
  /** Whether there is room for further calls. */
  readonly mayRepeat: () => boolean
}

const FACTOR = 1.5
const JITTER = 0.2

/**
 * Makes a call again while it fails in a way that may pass, waiting longer each time, and at least as long as the server asks. A
 * wait that would end after the deadline is not begun.
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
