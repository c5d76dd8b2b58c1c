import type { Clock } from '@kube-authn/core'
import type { StoreChange, StoreEvent, WatchOptions } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import type { Channel, Place, Watcher } from './channels.ts'
import { type Deferred, deferred } from './deferred.ts'
import type { Turns } from './turns.ts'

export interface Watched {
  /** Reads changes that came before those of a channel, for one watcher. */
  past(prefix: string): Past
  /** Whether new changes come: an engine elsewhere may be out of reach. Nothing tells of progress then. */
  readonly isCurrent: () => boolean
  readonly revision: () => number
  readonly clock: Clock
  /** Reads of all watchers of the store. */
  readonly turns: Turns
  /** The watcher wants every new change, until `leave`. */
  join(watcher: Watcher): Channel
  leave(watcher: Watcher): void
}

/**
 * The next change after a revision; `undefined` if there is none yet; a promise while it is fetched: it is asked for again then.
 *
 * @throws {StoreError} if it was forgotten. A promise rejects with it.
 */
export type Past = (since: number) => StoreChange | Promise<void> | undefined

/** Where a watch is among the new changes. */
interface Live {
  readonly channel: Channel
  place: Place
  /** Changes before this count came while it waited for them, so they do not show that it is slow. */
  awaited: number
}

/** How many watchers get an event before the event loop goes on: about a millisecond of work. */
export const READS_PER_TURN = 128
const DEFAULT_MAX_WAITING = 1000

/**
 * The changes of a prefix; each iteration watches anew.
 *
 * @param revision where a watch begins unless the options say otherwise.
 * @throws {RangeError}
 */
export function watch(
  watched: () => Watched,
  prefix: string,
  options: WatchOptions,
  revision: number,
): AsyncIterable<StoreEvent> {
  const { since = revision, maxWaiting = DEFAULT_MAX_WAITING } = options
  if (!Number.isSafeInteger(since) || since < 0) throw new RangeError('since must be a revision')
  return {
    [Symbol.asyncIterator]: () => iterate(watched(), prefix, { ...options, since, maxWaiting }),
  }
}

type Result = IteratorResult<StoreEvent, undefined>

type Options = WatchOptions & { readonly since: number; readonly maxWaiting: number }

function iterate(watched: Watched, prefix: string, options: Options): AsyncIterator<StoreEvent, undefined> {
  const { signal } = options
  let end: { readonly error?: unknown } | undefined
  /** Who waits for the next event. */
  let reader: Deferred<Result> | undefined
  let isScheduled = false

  const finish = (how: { readonly error?: unknown }): void => {
    if (end !== undefined) return
    end = how
    events.stop()
    signal?.removeEventListener('abort', stop)
    settle()
  }
  const stop = (): void => finish({})
  const schedule = (): void => {
    if (isScheduled) return
    isScheduled = true
    watched.turns.run(() => {
      isScheduled = false
      settle()
    })
  }
  /** Answers the reader, if there is one and an answer. */
  const settle = (): void => {
    if (reader === undefined) return
    let value: StoreEvent | undefined
    try {
      if (end === undefined) value = events.next()
    } catch (error) {
      finish({ error })
    }
    answer(value)
  }
  const answer = (value: StoreEvent | undefined): void => {
    // It may have ended by itself, and have answered then.
    if (reader === undefined || (end === undefined && value === undefined)) return
    const asked = reader
    const error = end?.error
    reader = undefined
    if (value !== undefined) asked.resolve({ done: false, value })
    else if (error === undefined) asked.resolve({ done: true, value: undefined })
    else {
      // It is thrown once; after that the iteration is over.
      end = {}
      asked.reject(error)
    }
  }
  const isAwaited = (): boolean => reader !== undefined
  const events = eventsOf(watched, prefix, options, {
    isAwaited,
    onNews: schedule,
    fail: (error) => finish({ error }),
  })

  if (signal?.aborted === true) stop()
  else signal?.addEventListener('abort', stop)
  return {
    next() {
      if (reader !== undefined) {
        return Promise.reject(new TypeError('the next event of a watch was asked for twice at a time'))
      }
      const asked = deferred<Result>()
      reader = asked
      // At the last revision nothing is there to be delivered: new changes are waited for from now on.
      if (end !== undefined || events.isAtEnd()) settle()
      else schedule()
      return asked.promise
    },
    return() {
      stop()
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}

interface EventReader {
  /** Whether it waits for one. */
  readonly isAwaited: () => boolean
  readonly onNews: () => void
  readonly fail: (error: unknown) => void
}

/**
 * The events of a watch. It first reads the changes of the past, one when it is asked for one, and goes over to the new ones after that. Of those at most
 * `maxWaiting` wait, besides those that came together while it was waiting.
 */
function eventsOf(
  watched: Watched,
  prefix: string,
  { since, maxWaiting, progressMs }: Options,
  { isAwaited, onNews, fail }: EventReader,
) {
  const past = watched.past(prefix)
  /** The revision of the last change that was delivered. */
  let position = since
  let live: Live | undefined
  let isFetching = false
  const member: Watcher = {
    prefix,
    wake() {
      if (live === undefined || !isAwaited()) return
      live.awaited = live.channel.last.count
      onNews()
    },
    forget(revision) {
      const waiting = live?.place.change?.revision ?? Infinity
      if (waiting <= revision) fail(tooSlow('changes that waited to be read were forgotten'))
    },
    fail,
  }
  const progress = progressMs === undefined ? undefined : progressTimer(watched, progressMs, onNews)

  const fetchPast = (pending: Promise<void>): void => {
    isFetching = true
    pending.then(() => {
      isFetching = false
      onNews()
    }, fail)
  }
  const nextChange = (): StoreChange | undefined => {
    if (live === undefined) {
      if (isFetching) return undefined
      const earlier = past(position)
      if (earlier instanceof Promise) {
        fetchPast(earlier)
        return undefined
      }
      if (earlier !== undefined) return earlier
      const channel = watched.join(member)
      live = { channel, place: channel.last, awaited: 0 }
    }
    const { channel, place, awaited } = live
    if (place.next === undefined) return undefined
    if (channel.last.count - Math.max(place.count, awaited) > maxWaiting) {
      throw tooSlow(`more than ${maxWaiting} changes waited to be read`)
    }
    live.place = place.next
    return place.change
  }

  return {
    /** Nothing is there to be delivered, since it has not begun and is at the last revision. */
    isAtEnd: (): boolean => live === undefined && position === watched.revision(),
    /** The next event, if there is one now. */
    next(): StoreEvent | undefined {
      const change = nextChange()
      if (change !== undefined) {
        position = change.revision
        progress?.restart()
        return change
      }
      if (live === undefined || progress?.isDue() !== true) return undefined
      // Everything up to now has been read, since nothing waits. Without news of the engine, it is due again after the whole time.
      return watched.isCurrent() ? { type: 'progress', revision: watched.revision() } : undefined
    },
    stop(): void {
      live = undefined
      progress?.stop()
      watched.leave(member)
    },
  }
}

function tooSlow(message: string): StoreError {
  return new StoreError('watchTooSlow', message)
}

/** Says when a watch should tell how far it is. @param onDue called when nothing was delivered for so long. */
function progressTimer({ clock }: Watched, progressMs: number, onDue: () => void) {
  let isDue = false
  let cancel: (() => void) | undefined
  const restart = (): void => {
    isDue = false
    cancel?.()
    cancel = clock.after(progressMs, () => {
      isDue = true
      onDue()
    })
  }
  restart()
  return {
    /** Something was delivered, so that progress is due only after the whole time again. */
    restart,
    /** Whether it is due. If it is, the time begins again. */
    isDue(): boolean {
      const was = isDue
      if (was) restart()
      return was
    },
    stop: (): void => cancel?.(),
  }
}
