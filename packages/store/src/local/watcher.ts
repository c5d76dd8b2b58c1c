import type { Clock } from '@kube-authn/core'
import type { StoreChange, StoreEvent, WatchOptions } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import type { Channel, Place, Watcher } from './channels.ts'
import { type Deferred, deferred } from './deferred.ts'
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

/** The state of one iteration. */
interface Iteration {
  readonly watched: Watched
  readonly past: Past
  readonly maxWaiting: number
  /** As the store sees it. */
  readonly member: Watcher
  readonly progress: ReturnType<typeof progressTimer> | undefined
  readonly signal: AbortSignal | undefined
  readonly stop: () => void
  /** The revision of the last change that was delivered. */
  position: number
  live: Live | undefined
  end: { readonly error?: unknown } | undefined
  /** Who waits for the next event. */
  reader: Deferred<Result> | undefined
  isScheduled: boolean
  isFetching: boolean
}

/**
 * One iteration over changes. It first reads the changes of the past, one when it is asked for one, and goes over to the new ones after that. Of those at most
 * `maxWaiting` wait, besides those that came together while it was waiting.
 */
function iterate(
  watched: Watched,
  prefix: string,
  options: WatchOptions & { readonly since: number; readonly maxWaiting: number },
): AsyncIterator<StoreEvent, undefined> {
  const { since, maxWaiting, progressMs, signal } = options
  const iteration: Iteration = {
    watched,
    past: watched.past(prefix),
    maxWaiting,
    member: {
      prefix,
      wake: () => wake(iteration),
      forget: (revision) => forget(iteration, revision),
      fail: (error) => finish(iteration, { error }),
    },
    progress:
      progressMs === undefined ? undefined : progressTimer(watched, progressMs, () => schedule(iteration)),
    signal,
    stop: () => finish(iteration, {}),
    position: since,
    live: undefined,
    end: undefined,
    reader: undefined,
    isScheduled: false,
    isFetching: false,
  }
  if (signal?.aborted === true) finish(iteration, {})
  else signal?.addEventListener('abort', iteration.stop)
  return {
    next: () => next(iteration),
    return() {
      finish(iteration, {})
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}

function next(iteration: Iteration): Promise<Result> {
  if (iteration.reader !== undefined) {
    return Promise.reject(new TypeError('the next event of a watch was asked for twice at a time'))
  }
  const reader = deferred<Result>()
  iteration.reader = reader
  const { end, live, position, watched } = iteration
  // At the last revision nothing is there to be delivered: new changes are waited for from now on.
  if (end !== undefined || (live === undefined && position === watched.revision())) settle(iteration)
  else schedule(iteration)
  return reader.promise
}

/** Changes have come. */
function wake(iteration: Iteration): void {
  const { reader, live } = iteration
  if (reader === undefined || live === undefined) return
  live.awaited = live.channel.last.count
  schedule(iteration)
}

/** Changes up to a revision were forgotten. */
function forget(iteration: Iteration, revision: number): void {
  const waiting = iteration.live?.place.change?.revision ?? Infinity
  if (waiting > revision) return
  finish(iteration, { error: tooSlow('changes that waited to be read were forgotten') })
}

function finish(iteration: Iteration, how: { readonly error?: unknown }): void {
  if (iteration.end !== undefined) return
  iteration.end = how
  iteration.live = undefined
  iteration.progress?.stop()
  iteration.watched.leave(iteration.member)
  iteration.signal?.removeEventListener('abort', iteration.stop)
  settle(iteration)
}

function schedule(iteration: Iteration): void {
  if (iteration.isScheduled) return
  iteration.isScheduled = true
  iteration.watched.turns.run(() => {
    iteration.isScheduled = false
    settle(iteration)
  })
}

/** Answers the reader, if there is one and an answer. */
function settle(iteration: Iteration): void {
  if (iteration.reader === undefined) return
  const value = iteration.end === undefined ? takeOrFinish(iteration) : undefined
  // It may have ended by itself.
  const { reader: asked, end } = iteration
  if (asked === undefined || (end === undefined && value === undefined)) return
  iteration.reader = undefined
  if (value !== undefined) asked.resolve({ done: false, value })
  else if (end?.error === undefined) asked.resolve({ done: true, value: undefined })
  else {
    // It is thrown once; after that the iteration is over.
    iteration.end = {}
    asked.reject(end.error)
  }
}

function takeOrFinish(iteration: Iteration): StoreEvent | undefined {
  try {
    return take(iteration)
  } catch (error) {
    finish(iteration, { error })
    return undefined
  }
}

/** The next event, if there is one now. */
function take(iteration: Iteration): StoreEvent | undefined {
  const { watched, progress } = iteration
  const change = nextChange(iteration)
  if (change !== undefined) {
    iteration.position = change.revision
    progress?.delivered()
    return change
  }
  if (iteration.live === undefined || !watched.isCurrent()) return undefined
  // Everything up to now has been read, since nothing waits.
  return progress?.isDue() === true ? { type: 'progress', revision: watched.revision() } : undefined
}

function nextChange(iteration: Iteration): StoreChange | undefined {
  const { watched, past, position, member, maxWaiting } = iteration
  if (iteration.live === undefined) {
    if (iteration.isFetching) return undefined
    const earlier = past(position)
    if (earlier instanceof Promise) {
      fetchPast(iteration, earlier)
      return undefined
    }
    if (earlier !== undefined) return earlier
    const channel = watched.join(member)
    iteration.live = { channel, place: channel.last, awaited: 0 }
  }
  const { live } = iteration
  const { channel, place, awaited } = live
  if (place.next === undefined) return undefined
  if (channel.last.count - Math.max(place.count, awaited) > maxWaiting) {
    throw tooSlow(`more than ${maxWaiting} changes waited to be read`)
  }
  live.place = place.next
  return place.change
}

function fetchPast(iteration: Iteration, pending: Promise<void>): void {
  iteration.isFetching = true
  pending.then(
    () => {
      iteration.isFetching = false
      schedule(iteration)
    },
    (error: unknown) => finish(iteration, { error }),
  )
}

function tooSlow(message: string): StoreError {
  return new StoreError('watchTooSlow', message)
}

/** Says when a watch should tell how far it is. A timer that is not set again with every change, which would be most of the cost of a change. */
function progressTimer({ clock, elapsedMs }: Watched, progressMs: number, onDue: () => void) {
  let lastMs = elapsedMs()
  let isDue = false
  let cancel: (() => void) | undefined

  const wait = (milliseconds: number): void => {
    isDue = false
    cancel = clock.after(milliseconds, () => {
      const left = lastMs + progressMs - elapsedMs()
      if (left > 0) {
        wait(left)
        return
      }
      isDue = true
      onDue()
    })
  }
  wait(progressMs)

  const restart = (): void => {
    lastMs = elapsedMs()
    if (isDue) wait(progressMs)
  }
  return {
    /** Something was delivered, so that progress is due only after the whole time again. */
    delivered: restart,
    /** Whether it is due. If it is, the time begins again. */
    isDue(): boolean {
      const was = isDue
      if (was) restart()
      return was
    },
    stop: (): void => cancel?.(),
  }
}
