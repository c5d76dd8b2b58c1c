import type { Clock } from '@kube-authn/core'
import type { StoreChange, StoreEvent } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { type Deferred, deferred } from './deferred.ts'

/** What a watcher needs of its store. */
export interface Watched {
  /** The next changes after a revision: none if there are none yet. @throws {StoreError} if they were forgotten. */
  changesAfter(since: number, prefix: string): readonly StoreChange[]
  readonly revision: () => number
  readonly clock: Clock
  /** The watcher wants every new change, until `remove`. */
  add(watcher: Watcher): void
  remove(watcher: Watcher): void
}

/** The part of a watch that the store sees. */
export interface Watcher {
  readonly prefix: string
  /** A new change of an object with this prefix. */
  push(change: StoreChange): void
  /** Ends the watch with an error. What waits to be read is dropped. */
  fail(error: StoreError): void
}

/** How a watch is made. */
export interface WatcherOptions {
  readonly prefix: string
  readonly since: number
  readonly maxWaiting: number
  readonly progressMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/**
 * One iteration over changes. It first reads the changes of the past in parts, as fast as they are taken, and is handed every new change only after that:
 * until then it holds no more than a part. From then on at most `maxWaiting` changes wait.
 */
export function watcher(watched: Watched, options: WatcherOptions): AsyncIterator<StoreEvent, undefined> {
  const { prefix, maxWaiting, progressMs, signal } = options
  let position = options.since
  let waiting: StoreChange[] = []
  let isLive = false
  let end: { readonly error?: StoreError } | undefined
  let reader: Deferred<IteratorResult<StoreEvent, undefined>> | undefined
  let cancelProgress: (() => void) | undefined
  let isProgressDue = false

  const finish = (how: { readonly error?: StoreError }): void => {
    if (end !== undefined) return
    end = how
    waiting = []
    cancelProgress?.()
    watched.remove(self)
    signal?.removeEventListener('abort', stop)
    settle()
  }
  const stop = (): void => finish({})

  const self: Watcher = {
    prefix,
    push(change) {
      waiting.push(change)
      if (waiting.length > maxWaiting) {
        self.fail(new StoreError('watchTooSlow', `more than ${maxWaiting} changes waited to be read`))
      } else settle()
    },
    fail: (error) => finish({ error }),
  }

  const planProgress = (): void => {
    if (progressMs === undefined) return
    cancelProgress?.()
    cancelProgress = watched.clock.after(progressMs, () => {
      isProgressDue = true
      settle()
    })
  }

  /** The next event, if there is one now. */
  const take = (): StoreEvent | undefined => {
    if (waiting.length === 0 && !isLive) {
      waiting = [...watched.changesAfter(position, prefix)]
      if (waiting.length === 0) {
        isLive = true
        watched.add(self)
      }
    }
    const change = waiting.shift()
    if (change !== undefined) {
      position = change.revision
      if (progressMs !== undefined) planProgress()
      return change
    }
    if (!isProgressDue) return undefined
    isProgressDue = false
    planProgress()
    // Everything up to now has been read, since nothing waits.
    return { type: 'progress', revision: watched.revision() }
  }

  /** Answers the reader, if there is one and an answer. */
  function settle(): void {
    if (reader === undefined) return
    const asked = reader
    const value = end === undefined ? take() : undefined
    if (end?.error !== undefined) {
      const { error } = end
      // It is thrown once; after that the iteration is over.
      end = {}
      reader = undefined
      asked.reject(error)
    } else if (end !== undefined) {
      reader = undefined
      asked.resolve({ done: true, value: undefined })
    } else if (value !== undefined) {
      reader = undefined
      asked.resolve({ done: false, value })
    }
  }

  if (signal?.aborted === true) end = {}
  else signal?.addEventListener('abort', stop)
  planProgress()

  return {
    async next() {
      if (reader !== undefined) throw new TypeError('the next event of a watch was asked for twice at a time')
      reader = deferred()
      const { promise } = reader
      try {
        settle()
      } catch (thrown) {
        reader = undefined
        finish({})
        throw thrown
      }
      return promise
    },
    return() {
      finish({})
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}
