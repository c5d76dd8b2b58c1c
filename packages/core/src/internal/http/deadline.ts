import type { Clock } from '../clock.ts'

/** A limit on a piece of work. */
export interface Deadline {
  readonly signal: AbortSignal
  /** How much time is left. */
  remainingMs(): number
  /** The work, or an error as soon as the limit is reached: not everything that is called listens to the signal. */
  race<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** The work is over. */
  end(): void
}

/** Options of {@link deadlineAfter}. */
export interface DeadlineOptions {
  readonly milliseconds: number
  readonly clock: Clock
  /** Ends it early. */
  readonly caller: AbortSignal | undefined
  /** The error, whether the time has passed or the caller gave up, which is the reason then. */
  readonly tooLate: (reason: unknown) => Error
}

/** Ends when the time has passed, or when the caller gives up. */
export function deadlineAfter({ milliseconds, clock, caller, tooLate }: DeadlineOptions): Deadline {
  const controller = new AbortController()
  const { signal } = controller
  const endsAtMs = clock.now() + milliseconds
  const giveUp = (): void => controller.abort(caller?.reason)
  const cancel = clock.after(milliseconds, () => controller.abort(new Error('the time is up')))
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
      caller?.removeEventListener('abort', giveUp)
    },
  }
}
