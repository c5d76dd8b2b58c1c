import type { Clock } from '../clock.ts'
import { PostError } from './post.ts'

/** A limit on a piece of work. */
export interface Deadline {
  readonly signal: AbortSignal
  /** The work, or an error as soon as the limit is reached: not every `fetch` listens to the signal. */
  race<T>(work: Promise<T>): Promise<T>
  /** The work is over. */
  end(): void
}

/** Ends when the time has passed, or when the caller gives up. */
export function deadlineAfter(milliseconds: number, clock: Clock, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController()
  const { signal } = controller
  const giveUp = (): void => controller.abort(caller?.reason)
  const cancel = clock.after(milliseconds, () => controller.abort(new Error('the time is up')))
  if (caller?.aborted === true) giveUp()
  else caller?.addEventListener('abort', giveUp, { once: true })

  return {
    signal,
    race<T>(work: Promise<T>) {
      return new Promise<T>((resolve, reject) => {
        const stop = (): void => reject(new PostError(TOO_LATE, { isTransient: false, cause: signal.reason }))
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop, { once: true })
        work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
      })
    },
    end() {
      cancel()
      caller?.removeEventListener('abort', giveUp)
    },
  }
}

const TOO_LATE = 'the authorization webhook did not answer in time'
