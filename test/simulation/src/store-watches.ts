import { type ObjectStore, type StoreChange, StoreError, type StoreEvent } from '@kube-authn/store'
import { deferred } from '@kube-authn/store/internal'
import type { LinkEnds } from './store-link.ts'

type Result = IteratorResult<StoreEvent, undefined>

/** The watches of one link. */
export interface StoreWatches {
  watch: ObjectStore['watch']
  /** Ends all of them. */
  end(error: StoreError): void
  /** Forgets all of them, and nothing is told. */
  abandon(): void
  count(): number
}

/** None yet. */
export function storeWatches(ends: LinkEnds): StoreWatches {
  const open = new Set<OpenWatch>()
  return {
    watch: (prefix, options = {}) => {
      const since = options.since ?? ends.model.history.revision
      return { [Symbol.asyncIterator]: () => iterate(ends, open, prefix, { ...options, since }) }
    },
    end(error) {
      for (const each of open) each.end(error)
    },
    abandon() {
      for (const each of open) each.stopListening()
      open.clear()
    },
    count: () => open.size,
  }
}

interface OpenWatch {
  end(this: void, error?: StoreError): void
  stopListening(this: void): void
}

interface Wanted {
  readonly since: number
  readonly signal?: AbortSignal
  readonly maxWaiting?: number
  readonly progressMs?: number
}

/** One iteration: what has happened arrives after a while, and waits to be read. */
function iterate(
  ends: LinkEnds,
  open: Set<OpenWatch>,
  prefix: string,
  { since, signal, maxWaiting = 1000, progressMs }: Wanted,
): AsyncIterator<StoreEvent, undefined> {
  const { time, model, owner, faults, random } = ends
  const events = waitingEvents()
  let position = since
  let isFetching = false
  let isQuiet = true

  const finish = (error?: StoreError): void => {
    if (events.isEnded()) return
    open.delete(watch)
    signal?.removeEventListener('abort', stop)
    watch.stopListening()
    cancelProgress()
    events.end(error)
  }
  const stop = (): void => finish()
  const isReached = (): boolean =>
    !events.isEnded() && model.isUp && faults.cut === 'none' && !faults.isStalled

  const fetch = (isProgress: boolean): void => {
    isFetching = false
    if (!isReached()) return
    try {
      const changes = newsSince(model, position, prefix)
      position = model.history.revision
      if (changes.length > 0) isQuiet = false
      const isTold = isProgress && changes.length === 0 && events.count() === 0
      events.add(isTold ? [{ type: 'progress', revision: position }] : changes)
      if (events.count() > maxWaiting) throw new StoreError('watchTooSlow', 'too many changes wait')
    } catch (thrown) {
      finish(thrown as StoreError)
    }
  }
  const fetchSoon = (): void => {
    if (isFetching || !isReached()) return
    isFetching = true
    const slowMs = faults.slowMs && random.below(faults.slowMs)
    time.after(random.between(1, 20) + slowMs, () => fetch(false), owner)
  }
  let cancelProgress = (): void => {}
  const progressLater = (everyMs: number): void => {
    const look = (): void => {
      if (isQuiet) fetch(true)
      isQuiet = true
      if (!events.isEnded()) progressLater(everyMs)
    }
    cancelProgress = time.after(everyMs, look, owner)
  }

  const watch: OpenWatch = { end: finish, stopListening: model.onNews(fetchSoon) }
  open.add(watch)
  signal?.addEventListener('abort', stop)
  if (progressMs !== undefined) progressLater(progressMs)
  if (signal?.aborted === true) stop()
  fetchSoon()
  return {
    next: events.next,
    return() {
      stop()
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}

/** @throws {StoreError} if it cannot be told any more. */
function newsSince(
  { history, compactedRevision }: LinkEnds['model'],
  position: number,
  prefix: string,
): readonly StoreChange[] {
  if (position > history.revision) throw new StoreError('revisionUnknown', 'it was never reached')
  if (position < compactedRevision) throw new StoreError('revisionCompacted', 'it was forgotten')
  return history.after(position, prefix)
}

/** Events that wait to be read, until the end, which is told once. */
function waitingEvents() {
  const waiting: StoreEvent[] = []
  let reader: ReturnType<typeof deferred<Result>> | undefined
  let ended: { readonly error?: StoreError | undefined } | undefined

  const settle = (): void => {
    if (reader === undefined) return
    const { resolve, reject } = reader
    const event = ended === undefined ? waiting.shift() : undefined
    if (event === undefined && ended === undefined) return
    reader = undefined
    const error = ended?.error
    if (event !== undefined) resolve({ done: false, value: event })
    else if (error === undefined) resolve({ done: true, value: undefined })
    else {
      ended = {}
      reject(error)
    }
  }
  return {
    count: (): number => waiting.length,
    isEnded: (): boolean => ended !== undefined,
    add(events: readonly StoreEvent[]): void {
      waiting.push(...events)
      settle()
    },
    end(error: StoreError | undefined): void {
      ended = { error }
      settle()
    },
    next(): Promise<Result> {
      reader = deferred<Result>()
      const { promise } = reader
      settle()
      return promise
    },
  }
}
