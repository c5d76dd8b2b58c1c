import type { Clock } from '../clock.ts'

/** A time limit for an operation. */
export interface Deadline {
  readonly signal: AbortSignal
  remainingMs(): number
  /** Runs the work, but rejects as soon as the limit is reached: the work may ignore the signal. */
  race<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Releases the timer and the listener. */
  readonly end: () => void
}

export interface DeadlineOptions {
  readonly milliseconds: number
  readonly clock: Clock
  /** Aborts early. */
  readonly caller: AbortSignal | undefined
  /** The reason of the signal after the time limit. Default: an error without details. */
  readonly timeUp?: () => Error
  /** Creates the error of `race` from the reason of the signal: that of the time limit or of the caller. Default: that reason. */
  readonly tooLate?: (reason: unknown) => unknown
}

/** Creates a deadline that ends at the time limit or when the caller aborts. */
export function deadlineAfter({
  milliseconds,
  clock,
  caller,
  timeUp = () => new Error('the time is up'),
  tooLate = (reason) => reason,
}: DeadlineOptions): Deadline {
  const controller = new AbortController()
  const { signal } = controller
  const endsAtMs = clock.now() + milliseconds
  const giveUp = (): void => controller.abort(caller?.reason)
  const forget = (): void => caller?.removeEventListener('abort', giveUp)
  const cancel = clock.after(milliseconds, () => {
    forget()
    controller.abort(timeUp())
  })
  if (caller?.aborted === true) giveUp()
  else caller?.addEventListener('abort', giveUp, { once: true })

  return {
    signal,
    remainingMs: () => endsAtMs - clock.now(),
    race<T>(work: (signal: AbortSignal) => Promise<T>) {
      return new Promise<T>((resolve, reject) => {
        const stop = (): void => reject(tooLate(signal.reason))
        if (signal.aborted) {
          stop()
          return
        }
        signal.addEventListener('abort', stop, { once: true })
        work(signal)
          .then(resolve, reject)
          .finally(() => signal.removeEventListener('abort', stop))
      })
    },
    end() {
      cancel()
      forget()
    },
  }
}
