import type { Clock } from '../clock.ts'
import { type Deadline, deadlineAfter } from '../http/deadline.ts'
import { WebhookCallError } from './webhook-call-error.ts'

/**
 * A limit on a call, in which what was answered before its end says more than that it ended.
 *
 * @param title what is waited for, in errors.
 */
export function callDeadline(
  milliseconds: number,
  clock: Clock,
  caller: AbortSignal | undefined,
  title: string,
): Deadline {
  const tooLate = (): WebhookCallError =>
    caller?.aborted === true
      ? contextCanceled()
      : new WebhookCallError(`${title} did not answer in time`, { isTimeout: true })
  const deadline = deadlineAfter({ milliseconds, clock, caller, tooLate })
  const { signal } = deadline

  return {
    ...deadline,
    race<T>(work: (signal: AbortSignal) => Promise<T>) {
      return new Promise<T>((resolve, reject) => {
        let cancelStop = (): void => undefined
        const stop = (): void => {
          // Work that listens ends by itself, and what it got from the webhook until then says more.
          cancelStop = clock.after(0, () => reject(tooLate()))
        }
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop, { once: true })
        work(signal)
          .then(resolve, (error: unknown) => reject(signal.aborted && !isAnswered(error) ? tooLate() : error))
          .finally(() => {
            cancelStop()
            signal.removeEventListener('abort', stop)
          })
      })
    },
  }
}

/**
 * Nobody waits for the answer any more.
 *
 * Source: apiserver `pkg/util/webhook/webhook.go` WithExponentialBackoff.
 */
export function contextCanceled(): WebhookCallError {
  return new WebhookCallError('webhook call failed: context canceled')
}

function isAnswered(error: unknown): boolean {
  return error instanceof WebhookCallError && error.refusal !== undefined
}
