import type { Clock } from '../clock.ts'
import { WebhookCallError } from './webhook-call-error.ts'

/** A limit on a piece of work. */
export interface Deadline {
  readonly signal: AbortSignal
  /** How much time is left. */
  remainingMs(): number
  /** The work, or an error when the limit is reached: not every `fetch` listens to the signal. */
  race<T>(work: Promise<T>): Promise<T>
  /** The work is over. */
  end(): void
}

/**
 * Ends when the time has passed, or when the caller gives up.
 *
 * @param title what is waited for, in errors.
 */
export function deadlineAfter(
  milliseconds: number,
  clock: Clock,
  caller: AbortSignal | undefined,
  title: string,
): Deadline {
  const controller = new AbortController()
  const { signal } = controller
  const endsAtMs = clock.now() + milliseconds
  const giveUp = (): void => controller.abort(caller?.reason)
  const cancel = clock.after(milliseconds, () => controller.abort(new Error('the time is up')))
  if (caller?.aborted === true) giveUp()
  else caller?.addEventListener('abort', giveUp, { once: true })

  const tooLate = (): WebhookCallError =>
    caller?.aborted === true ? contextCanceled() : new WebhookCallError(`${title} did not answer in time`)

  return {
    signal,
    remainingMs: () => endsAtMs - clock.now(),
    race<T>(work: Promise<T>) {
      return new Promise<T>((resolve, reject) => {
        let cancelStop = (): void => undefined
        const stop = (): void => {
          // Work that listens ends by itself, and what it got from the webhook until then says more.
          cancelStop = clock.after(0, () => reject(tooLate()))
        }
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop, { once: true })
        work
          .then(resolve, (error: unknown) => reject(signal.aborted && !isAnswered(error) ? tooLate() : error))
          .finally(() => {
            cancelStop()
            signal.removeEventListener('abort', stop)
          })
      })
    },
    end() {
      cancel()
      caller?.removeEventListener('abort', giveUp)
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
