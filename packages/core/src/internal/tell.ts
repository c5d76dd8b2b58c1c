import { isPromiseLike, promiseOf } from './awaitable.ts'

/** Calls an optional listener and ignores what it throws. Rejections are ignored too: a listener may be asynchronous, and an unhandled rejection would end the process. */
export function tell<T>(listener: ((news: T) => unknown) | undefined, news: T): void {
  try {
    const heard = listener?.(news)
    if (isPromiseLike(heard)) promiseOf(heard).catch(() => undefined)
  } catch {
    // Listeners must report their own errors.
  }
}
