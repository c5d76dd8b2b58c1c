import { loadedDiagnosis, withDiagnosis } from './diagnosis.ts'
import type { AuthenticationEvent, NewsEvent, Observer } from './events.ts'
import type { Log } from './log.ts'
import { isPromiseLike, promiseOf } from '../internal/awaitable.ts'

/**
 * Calls the observer, if there is one. An error in it, synchronous or not, must not affect authentication. Without an observer, what deserves
 * attention is logged.
 */
export function notify(observer: Observer | undefined, event: AuthenticationEvent): void {
  if (observer === undefined) logNews(undefined, event)
  else tell(observer, event)
}

/** An observer that also logs; `undefined` if {@link notify} does the same without it. */
export function loggingObserver(observer: Observer | undefined, log: Log | undefined): Observer | undefined {
  if (log === undefined && observer === undefined) return undefined
  return (event) => {
    tell(observer, event)
    if (log !== false) logNews(log, event)
  }
}

function logNews(log: Exclude<Log, false> | undefined, event: AuthenticationEvent): void {
  // Success is only told if a log is given, or after a failure.
  if (isNews(event) && (log !== undefined || isTrouble(event) || loadedDiagnosis() !== undefined)) {
    withDiagnosis((diagnosis) => diagnosis.writeEvent(log, event))
  }
}

function isNews(event: AuthenticationEvent): event is NewsEvent {
  const { type } = event
  return type === 'fileNotice' || type === 'issuerDiscovery' || type === 'jwksFetch' || type === 'reload'
}

function isTrouble(event: NewsEvent): boolean {
  return event.type === 'fileNotice' || event.error !== undefined
}

/**
 * Calls an optional listener and ignores what it throws. Rejections are ignored too: a listener may be asynchronous, and an unhandled
 * rejection would end the process.
 */
export function tell<T>(listener: ((news: T) => unknown) | undefined, news: T): void {
  try {
    const heard = listener?.(news)
    if (isPromiseLike(heard)) promiseOf(heard).catch(() => undefined)
  } catch {
    // Listeners must report their own errors.
  }
}
