import type { Clock } from '@kube-authn/core'
import { continueToken, readContinueToken } from '../continue-token.ts'
import { checkKey, checkValue } from '../limits.ts'
import type {
  Lifetime,
  ListOptions,
  ObjectStore,
  StoreChange,
  StoreEvent,
  StoredList,
  StoredObject,
  WatchOptions,
} from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { creation, deletion, expiration, replacement } from './decisions.ts'
import type { LocalEngine } from './engine.ts'
import { expirations } from './expiry.ts'
import { history, type HistoryLimit } from './history.ts'
import { type Watched, type Watcher, watcher } from './watcher.ts'
import { closed, type Decide, objectOf, type WriteQueue, writeQueue } from './write-queue.ts'

/** What all stores in this process have in common. */
export interface LocalStoreOptions {
  readonly clock: Clock
  readonly history: HistoryLimit
  /** Calls back soon, so that writes of the same moment are committed together. */
  readonly soon: (callback: () => void) => void
}

/** How many changes of the past a watch reads at a time. */
const PART = 256
const DEFAULT_MAX_WAITING = 1000

/** The rules of an {@link ObjectStore} over an engine in this process. */
export function localStore(engine: LocalEngine, options: LocalStoreOptions): ObjectStore {
  const { clock } = options
  let { revision, compactedRevision } = engine
  let isClosed = false
  const watchers = new Set<Watcher>()
  const times = expirations()
  const past = history(options.history, revision - compactedRevision, revision)
  let timer: { readonly timeMs: number; readonly cancel: () => void } | undefined

  const commit = (changes: readonly StoreChange[]): void => {
    engine.write(changes)
    revision = changes.at(-1)?.revision ?? revision
    past.add(changes)
    for (const change of changes) {
      times.set(change.key, change.type === 'deleted' ? undefined : change.expiresAtMs)
      for (const each of watchers) if (change.key.startsWith(each.prefix)) each.push(change)
    }
    planExpiry()
    forgetSurplus()
  }

  /** A failure is no failure of the write, which is durable already: the next write tries again. */
  const forgetSurplus = (): void => {
    const surplus = past.surplus()
    if (surplus === undefined || surplus <= compactedRevision) return
    try {
      engine.compact(surplus)
      compactedRevision = surplus
    } catch {
      // The history is only longer than it need be.
    }
  }

  const queue: WriteQueue = writeQueue({
    get: (key) => engine.get(key),
    revision: () => revision,
    commit,
    soon: options.soon,
  })

  const planExpiry = (): void => {
    const timeMs = times.next()
    if (timer?.timeMs === timeMs) return
    timer?.cancel()
    timer =
      timeMs === undefined || isClosed
        ? undefined
        : { timeMs, cancel: clock.after(Math.max(0, timeMs - clock.now()), onTimer) }
  }

  const onTimer = (): void => {
    timer = undefined
    if (isClosed) return
    try {
      expireDue()
    } catch {
      // The engine failed. The next read or write expires them, or fails too.
    }
    if (timer === undefined) planExpiry()
  }

  /** Deletes what has expired, before anything is read or decided: so it is never seen. */
  const expireDue = (): void => {
    const now = clock.now()
    if ((times.next() ?? Infinity) > now) return
    // What was asked for before is decided before.
    queue.flush()
    const decide = expiration(now)
    const changes: StoreChange[] = []
    for (const key of times.dueAt(now)) {
      const current = engine.get(key)
      if (current === undefined) times.set(key, undefined)
      else changes.push(decide(current, revision + changes.length + 1))
    }
    if (changes.length > 0) commit(changes)
  }

  /** Whether an object may be shown. While the engine cannot delete what has expired, as on a full disk, it is left out of what is read. */
  const prepareToRead = (): ((object: StoredObject) => boolean) => {
    requireOpen()
    try {
      expireDue()
      return () => true
    } catch {
      const now = clock.now()
      return ({ expiresAtMs = Infinity }) => expiresAtMs > now
    }
  }

  const requireOpen = (): void => {
    if (isClosed) throw closed()
  }

  const write = (key: string, decide: Decide): Promise<StoreChange> => {
    requireOpen()
    expireDue()
    return queue.write(key, decide)
  }

  const endOfLife = ({ ttlMs }: Lifetime): number | undefined => {
    if (ttlMs === undefined) return undefined
    if (!(ttlMs > 0 && ttlMs <= Number.MAX_SAFE_INTEGER)) throw new RangeError('ttlMs must be above 0')
    // Never before its time.
    return Math.ceil(clock.now() + ttlMs)
  }

  const listAt = (prefix: string, { limit, continue: token }: ListOptions): StoredList => {
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) {
      throw new RangeError('limit must be a whole number of at least 1')
    }
    const mayBeShown = prepareToRead()
    const from = token === undefined ? { revision } : readContinueToken(token, prefix)
    requireRemembered(from.revision)
    // One more says whether there is another page.
    const found = engine.range({ prefix, ...from, limit: limit === undefined ? Infinity : limit + 1 })
    const objects = limit === undefined ? found : found.slice(0, limit)
    const last = objects.at(-1)
    const isMore = last !== undefined && objects.length < found.length
    return {
      objects: objects.filter(mayBeShown),
      revision: from.revision,
      ...(isMore && { continue: continueToken({ revision: from.revision, after: last.key }) }),
    }
  }

  const requireKnown = (at: number): void => {
    if (at <= revision) return
    throw new StoreError('revisionUnknown', `revision ${at} is unknown: the last one is ${revision}`)
  }

  const requireRemembered = (since: number): void => {
    requireKnown(since)
    if (since >= compactedRevision) return
    throw new StoreError(
      'revisionCompacted',
      `changes after revision ${since} were forgotten, up to revision ${compactedRevision}`,
    )
  }

  const watched: Watched = {
    clock,
    revision: () => revision,
    changesAfter(since, prefix) {
      requireOpen()
      requireRemembered(since)
      return engine.changes({ prefix, since, limit: PART })
    },
    add: (each) => watchers.add(each),
    remove: (each) => watchers.delete(each),
  }

  const watch = (prefix: string, given: WatchOptions): AsyncIterable<StoreEvent> => {
    const { since = revision, signal, maxWaiting = DEFAULT_MAX_WAITING, progressMs } = given
    if (!Number.isSafeInteger(since) || since < 0) throw new RangeError('since must be a revision')
    return {
      [Symbol.asyncIterator]: () => watcher(watched, { prefix, since, maxWaiting, progressMs, signal }),
    }
  }

  for (const { key, expiresAtMs } of engine.expiring()) times.set(key, expiresAtMs)
  planExpiry()

  return {
    get: (key) =>
      promised(() => {
        checkKey(key)
        const mayBeShown = prepareToRead()
        const object = engine.get(key)
        return object !== undefined && mayBeShown(object) ? object : undefined
      }),
    list: (prefix, given = {}) => promised(() => listAt(prefix, given)),
    async create(key, value, lifetime = {}) {
      checkKey(key)
      checkValue(value)
      return objectOf(await write(key, creation(key, value, endOfLife(lifetime))))
    },
    async update(key, value, expected, lifetime = {}) {
      checkKey(key)
      checkValue(value)
      return objectOf(await write(key, replacement(value, expected, endOfLife(lifetime))))
    },
    delete: (key, precondition = {}) =>
      promised(() => {
        checkKey(key)
        return write(key, deletion(precondition))
      }),
    watch: (prefix, given = {}) => watch(prefix, given),
    revision: () =>
      promised(() => {
        requireOpen()
        return revision
      }),
    compact: (upTo) =>
      promised(() => {
        requireOpen()
        requireKnown(upTo)
        if (upTo <= compactedRevision) return
        engine.compact(upTo)
        compactedRevision = upTo
      }),
    close: () =>
      promised(() => {
        if (isClosed) return
        queue.flush()
        isClosed = true
        timer?.cancel()
        for (const each of watchers) each.fail(closed())
        engine.close()
      }),
  }
}

/** What `work` returns, or throws. */
function promised<T>(work: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve) => {
    resolve(work())
  })
}
