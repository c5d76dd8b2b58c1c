import type { Clock } from '../clock.ts'
import { type Deadline, deadlineAfter } from '../http/deadline.ts'
import { WebhookCallError } from './webhook-call-error.ts'

/**
 * The deadline of a call. An error response received before the end takes precedence over the timeout error.
 *
 * @param title the name of the webhook in errors.
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
          // Lets work that observes the signal end first: its error may hold the response of the webhook.
          cancelStop = clock.after(0, () => reject(tooLate()))
        }
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop, { once: true })
        work(signal)
          .then(resolve, (error: unknown) => {
            const isAnswered = error instanceof WebhookCallError && error.refusal !== undefined
            reject(signal.aborted && !isAnswered ? tooLate() : error)
          })
          .finally(() => {
            cancelStop()
            signal.removeEventListener('abort', stop)
          })
      })
    },
  }
}

/**
 * The error of a call whose caller has gone away.
 *
 * Source: apiserver `pkg/util/webhook/webhook.go` WithExponentialBackoff.
 */
export function contextCanceled(): WebhookCallError {
  return new WebhookCallError('webhook call failed: context canceled')
}
