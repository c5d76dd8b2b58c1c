import type { AuthenticationEvent, Observer } from './events.ts'
import type { Log } from './log.ts'
import { writeNews } from '../internal/log/news.ts'
import { tell } from '../internal/tell.ts'

/** Calls the observer, if there is one. An error in it, synchronous or not, must not affect authentication. Without an observer, what deserves attention is logged. */
export function notify(observer: Observer | undefined, event: AuthenticationEvent): void {
  if (observer === undefined) writeNews(undefined, event)
  else tell(observer, event)
}

/** An observer that also logs; `undefined` if {@link notify} does the same without it. */
export function loggingObserver(observer: Observer | undefined, log: Log | undefined): Observer | undefined {
  if (log === undefined && observer === undefined) return undefined
  return (event) => {
    tell(observer, event)
    if (log !== false) writeNews(log, event)
  }
}
