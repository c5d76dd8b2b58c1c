import { isPromiseLike, promiseOf } from '../internal/awaitable.ts'

/**
 * Tells somebody something, if there is somebody. What goes wrong with them, now or later, stops nothing: an asynchronous function
 * passes for a listener, and what it rejects with would end the process.
 */
export function tell<T>(listener: ((news: T) => unknown) | undefined, news: T): void {
  try {
    const heard = listener?.(news)
    if (isPromiseLike(heard)) promiseOf(heard).then(undefined, ignore)
  } catch {
    // Whoever is told reports their own faults.
  }
}

function ignore(): void {}
