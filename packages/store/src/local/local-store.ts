import type { Clock } from '@kube-authn/core'
import { continueToken, readContinueToken } from '../continue-token.ts'
import { checkKey, checkValue } from '../limits.ts'
import type {
  Fence,
  ListOptions,
  ObjectStore,
  StoreChange,
  StoredObject,
  StoreEvent,
  StoredList,
  WatchOptions,
} from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { channels } from './channels.ts'
import { type Deadline, deadlines } from './deadlines.ts'
import { creation, deletion, fenced, replacement } from './decisions.ts'
import type { LocalEngine } from './engine.ts'
import { history, type HistoryLimit } from './history.ts'
import { turns } from './turns.ts'
import { type Watched, watcher } from './watcher.ts'
import { closed, type Decide, objectOf, type WriteQueue, writeQueue } from './write-queue.ts'

/** What all stores in this process have in common. */
export interface LocalStoreOptions {
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
  readonly history: HistoryLimit
  /** Calls back soon, so that writes of the same moment are committed together. */
  readonly soon: (callback: () => void) => void
}

const NONE: ReadonlySet<string> = new Set()
const DEFAULT_MAX_WAITING = 1000
/** How many watchers get an event before the event loop goes on: about a millisecond of work. */
const READS_PER_TURN = 128
/** How many objects are listed before the event loop goes on. */
const LISTED_PER_TURN = 500

/** The rules of an {@link ObjectStore} over an engine in this process. */
export function localStore(engine: LocalEngine, options: LocalStoreOptions): ObjectStore {
  const { clock, elapsedMs } = options
  let { revision, compactedRevision } = engine
  let isClosed = false
  const watched = channels()
  const past = history(options.history, revision - compactedRevision, revision)
  /** Of changes that are being committed. */
  const deadlineOf = new WeakMap<StoreChange, Deadline>()

  const commit = (changes: readonly StoreChange[]): void => {
    engine.write(changes)
    revision = changes.at(-1)?.revision ?? revision
    past.add(changes)
    for (const change of changes) ends.set(change.key, deadlineOf.get(change))
    watched.publish(changes)
    ends.plan()
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
    // What waits for slow watchers is in memory, so the limit of the history is theirs too.
    for (const each of watched.watchers()) each.forget(surplus)
  }

  const unexpired = (key: string): StoredObject | undefined =>
    ends.due().includes(key) ? undefined : engine.get(key)

  const queue: WriteQueue = writeQueue({
    get: (key) => engine.get(key),
    standing: unexpired,
    revision: () => revision,
    commit,
    soon: options.soon,
  })

  const ends = deadlines({
    clock,
    elapsedMs,
    onDue() {
      try {
        expireDue()
      } catch {
        // The engine failed. The next read or write expires them, or fails too.
      }
    },
  })

  /** Deletes what has expired, before anything is read or decided: so it is never seen. */
  const expireDue = (): void => {
    if (ends.due().length === 0) return
    // What was asked for before is decided before.
    queue.flush()
    const decide = deletion({})
    const changes: StoreChange[] = []
    for (const key of ends.due()) {
      const current = engine.get(key)
      if (current === undefined) ends.set(key, undefined)
      else changes.push(decide(current, revision + changes.length + 1, unexpired))
    }
    if (changes.length > 0) commit(changes)
  }

  /** The keys of objects that must not be shown: those that have expired, while the engine cannot delete them, as on a full disk. */
  const prepareToRead = (): ReadonlySet<string> => {
    requireOpen()
    try {
      expireDue()
      return NONE
    } catch {
      return new Set(ends.due())
    }
  }

  const requireOpen = (): void => {
    if (isClosed) throw closed()
  }

  const write = (
    key: string,
    decide: Decide,
    fence: Fence | undefined,
    deadline?: Deadline,
  ): Promise<StoreChange> => {
    requireOpen()
    if (fence !== undefined) checkKey(fence.key)
    expireDue()
    const decideFenced = fenced(decide, fence)
    return queue.write(key, (current, at, standing) => {
      const change = decideFenced(current, at, standing)
      if (deadline !== undefined) deadlineOf.set(change, deadline)
      return change
    })
  }

  /** Lists take turns among themselves, so that many pages of a list are no long wait for others. */
  const lists = turns(LISTED_PER_TURN)

  const listAt = (prefix: string, { limit, continue: token }: ListOptions): StoredList => {
    const hidden = prepareToRead()
    const from = token === undefined ? { revision } : readContinueToken(token, prefix)
    requireRemembered(from.revision)
    // One more says whether there is another page.
    const most = limit === undefined ? Infinity : limit + hidden.size + 1
    const found = engine.range({ prefix, ...from, limit: most }).filter(({ key }) => !hidden.has(key))
    const objects = limit === undefined ? found : found.slice(0, limit)
    const last = objects.at(-1)
    const isMore = last !== undefined && objects.length < found.length
    return {
      objects,
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

  const source: Watched = {
    clock,
    elapsedMs,
    turns: turns(READS_PER_TURN),
    revision: () => revision,
    isCurrent: () => true,
    past: (prefix) => (since) => {
      requireOpen()
      requireRemembered(since)
      return since === revision ? undefined : engine.changes({ prefix, since, limit: 1 })[0]
    },
    join: (each) => watched.join(each),
    leave: (each) => watched.leave(each),
  }

  const watch = (prefix: string, given: WatchOptions): AsyncIterable<StoreEvent> => {
    const { since = revision, signal, maxWaiting = DEFAULT_MAX_WAITING, progressMs } = given
    if (!Number.isSafeInteger(since) || since < 0) throw new RangeError('since must be a revision')
    return {
      [Symbol.asyncIterator]: () => watcher(source, { prefix, since, maxWaiting, progressMs, signal }),
    }
  }

  ends.resume(engine.expiring())
  ends.plan()

  return {
    get: (key) =>
      promised(() => {
        checkKey(key)
        return prepareToRead().has(key) ? undefined : engine.get(key)
      }),
    list: (prefix, given = {}) =>
      new Promise((resolve) => {
        const { limit = LISTED_PER_TURN } = given
        if (!(Number.isSafeInteger(limit) && limit >= 1)) {
          throw new RangeError('limit must be a whole number of at least 1')
        }
        lists.run(() => resolve(promised(() => listAt(prefix, given))), limit)
      }),
    async create(key, value, lifetime = {}) {
      checkKey(key)
      checkValue(value)
      const end = ends.begin(lifetime)
      return objectOf(await write(key, creation(key, value, end?.expiresAtMs), lifetime.fence, end))
    },
    async update(key, value, expected, lifetime = {}) {
      checkKey(key)
      checkValue(value)
      const end = ends.begin(lifetime)
      return objectOf(await write(key, replacement(value, expected, end?.expiresAtMs), lifetime.fence, end))
    },
    delete: (key, precondition = {}) =>
      promised(() => {
        checkKey(key)
        return write(key, deletion(precondition), precondition.fence)
      }),
    watch: (prefix, given = {}) => watch(prefix, given),
    revision: () =>
      promised(() => {
        requireOpen()
        return revision
      }),
    now: () => clock.now(),
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
        lists.flush()
        isClosed = true
        ends.stop()
        for (const each of watched.watchers()) each.fail(closed())
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
