import type { Clock } from '@kube-authn/core'
import type { StoreChange, StoreEvent } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import type { Channel, Place, Watcher } from './channels.ts'
import { progressTimer } from './progress-timer.ts'
import type { Turns } from './turns.ts'

/** What a watcher needs of its store. */
export interface Watched {
  /** Reads changes that came before those of a channel, for one watcher. */
  past(prefix: string): Past
  /** Whether new changes come: an engine elsewhere may be out of reach. Nothing tells of progress then. */
  readonly isCurrent: () => boolean
  readonly revision: () => number
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
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

/** How a watch is made. */
export interface WatcherOptions {
  readonly prefix: string
  readonly since: number
  readonly maxWaiting: number
  readonly progressMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Where a watch is among the new changes. */
interface Live {
  readonly channel: Channel
  place: Place
  /** Changes before this count came while it waited for them, so they do not show that it is slow. */
  awaited: number
}

/** Who waits for the next event. */
interface Reader {
  readonly resolve: (result: IteratorResult<StoreEvent, undefined>) => void
  readonly reject: (reason: unknown) => void
}

/**
 * One iteration over changes. It first reads the changes of the past, one when it is asked for one, and goes over to the new ones after that. Of those at most
 * `maxWaiting` wait, besides those that came together while it was waiting.
 */
export function watcher(watched: Watched, options: WatcherOptions): AsyncIterator<StoreEvent, undefined> {
  const { prefix, maxWaiting, progressMs, signal } = options
  let position = options.since
  let live: Live | undefined
  let end: { readonly error?: unknown } | undefined
  let reader: Reader | undefined
  let isScheduled = false
  let isFetching = false
  const past = watched.past(options.prefix)

  const finish = (how: { readonly error?: unknown }): void => {
    if (end !== undefined) return
    end = how
    live = undefined
    progress?.stop()
    watched.leave(self)
    signal?.removeEventListener('abort', stop)
    settle()
  }
  const stop = (): void => finish({})

  const self: Watcher = {
    prefix,
    wake() {
      if (reader === undefined || live === undefined) return
      live.awaited = live.channel.last().count
      schedule()
    },
    forget(revision) {
      const next = live?.place.change?.revision ?? Infinity
      if (next <= revision) finish({ error: tooSlow('changes that waited to be read were forgotten') })
    },
    fail: (error) => finish({ error }),
  }

  const schedule = (): void => {
    if (isScheduled) return
    isScheduled = true
    watched.turns.run(() => {
      isScheduled = false
      settle()
    })
  }

  const progress = progressMs === undefined ? undefined : progressTimer(watched, progressMs, schedule)

  const nextChange = (): StoreChange | undefined => {
    if (live === undefined) {
      const earlier = isFetching ? undefined : past(position)
      if (earlier instanceof Promise) fetch(earlier)
      else if (earlier !== undefined) return earlier
      if (isFetching) return undefined
      const channel = watched.join(self)
      live = { channel, place: channel.last(), awaited: 0 }
    }
    const { channel, place, awaited } = live
    if (place.next === undefined) return undefined
    if (channel.last().count - Math.max(place.count, awaited) > maxWaiting) {
      throw tooSlow(`more than ${maxWaiting} changes waited to be read`)
    }
    live.place = place.next
    return place.change
  }

  const fetch = (pending: Promise<void>): void => {
    isFetching = true
    const fetched = (): void => {
      isFetching = false
      schedule()
    }
    pending.then(fetched, (error: unknown) => finish({ error }))
  }

  /** The next event, if there is one now. */
  const take = (): StoreEvent | undefined => {
    const change = nextChange()
    if (change !== undefined) {
      position = change.revision
      progress?.delivered()
      return change
    }
    if (live === undefined || !watched.isCurrent()) return undefined
    // Everything up to now has been read, since nothing waits.
    return progress?.isDue() === true ? { type: 'progress', revision: watched.revision() } : undefined
  }

  /** Answers the reader, if there is one and an answer. */
  function settle(): void {
    if (reader === undefined) return
    const value = end === undefined ? taken() : undefined
    // It may have ended by itself.
    const asked = reader
    if (asked === undefined || (end === undefined && value === undefined)) return
    reader = undefined
    if (value !== undefined) asked.resolve({ done: false, value })
    else if (end?.error === undefined) asked.resolve({ done: true, value: undefined })
    else {
      const { error } = end
      // It is thrown once; after that the iteration is over.
      end = {}
      asked.reject(error)
    }
  }

  function taken(): StoreEvent | undefined {
    try {
      return take()
    } catch (error) {
      finish({ error })
      return undefined
    }
  }

  if (signal?.aborted === true) finish({})
  else signal?.addEventListener('abort', stop)

  return {
    next() {
      if (reader !== undefined) {
        return Promise.reject(new TypeError('the next event of a watch was asked for twice at a time'))
      }
      return new Promise((resolve, reject) => {
        reader = { resolve, reject }
        // At the last revision nothing is there to be delivered: new changes are waited for from now on.
        if (end !== undefined || (live === undefined && position === watched.revision())) settle()
        else schedule()
      })
    },
    return() {
      finish({})
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}

function tooSlow(message: string): StoreError {
  return new StoreError('watchTooSlow', message)
}
