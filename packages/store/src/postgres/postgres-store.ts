import type { Clock } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import { continueToken, readContinueToken } from '../continue-token.ts'
import { checkKey, checkLifetime, checkValue } from '../limits.ts'
import { channels } from '../local/channels.ts'
import type { HistoryLimit } from '../local/history.ts'
import { turns } from '../local/turns.ts'
import { type Watched, watcher } from '../local/watcher.ts'
import { closed, objectOf } from '../local/write-queue.ts'
import type {
  Lifetime,
  ListOptions,
  ObjectStore,
  StoreChange,
  StoredList,
  StoreEvent,
  WatchOptions,
} from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { storeTime } from '../store-time.ts'
import { changeFeed } from './change-feed.ts'
import { compaction } from './compaction.ts'
import type { Database } from './database.ts'
import { expiryTimer } from './expiry-timer.ts'
import { listen } from './listener.ts'
import { pastChanges, type PastSource } from './past-changes.ts'
import { reader } from './reader.ts'
import type { NextExpiry, StoreState } from './rows.ts'
import { spacedCalls } from './spaced-calls.ts'
import { type Operation, writer } from './writer.ts'

/** How a store in a database works. */
export interface PostgresStoreOptions {
  readonly database: Database
  readonly schema: string
  readonly clock: Clock
  /** The time that counts, instead of that of the database. */
  readonly now: () => number | null
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
  readonly history: HistoryLimit
  readonly listens: boolean
  readonly pollMs: number
  /** How long a write waits for those of other processes. */
  readonly waitMs: number
}

const DEFAULT_MAX_WAITING = 1000
/** Changes of other processes that come closer together are read together: to ask for them costs as much as ten of them. */
const WAKE_PAUSES = { leastMs: 20, mostMs: 160 }
/** How many watchers get an event before the event loop goes on: about a millisecond of work. */
const READS_PER_TURN = 128

/** @throws {StoreError} if the database cannot be reached or has no store. */
export async function postgresStore(options: PostgresStoreOptions): Promise<ObjectStore> {
  const { database, schema, clock, elapsedMs, now, waitMs } = options
  const read = reader(database, schema, now)
  const time = storeTime(clock, elapsedMs, now() !== null)
  /** Every answer tells the time of the database. */
  const timed = async <T extends NextExpiry>(ask: () => Promise<T>): Promise<T> => {
    const sentMs = elapsedMs()
    const answer = await ask()
    time.learn({ fromMs: answer.nowMs, toMs: answer.nowMs, sentMs, receivedMs: elapsedMs() })
    return answer
  }
  const opened = await timed(() => read.state())
  const watched = channels()
  const reads = turns(READS_PER_TURN)
  const begun = new Set<Promise<unknown>>()
  /** The greatest revision that this process has seen. */
  let knownRevision = opened.revision
  let { compactedRevision } = opened
  let isClosed = false
  let endListening: (() => void) | undefined

  const observe = (state: StoreState): void => {
    knownRevision = Math.max(knownRevision, state.revision)
    if (state.compactedRevision <= compactedRevision) return
    compactedRevision = state.compactedRevision
    for (const each of watched.watchers()) each.forget(compactedRevision)
  }
  const observeExpiry = (state: StoreState & NextExpiry): void => {
    observe(state)
    ends.plan(state)
  }

  const compacting = compaction({
    database,
    reader: read,
    schema,
    waitMs,
    history: options.history,
    onCompacted: observe,
  })
  const writes = writer({
    database,
    schema,
    now,
    waitMs,
    onWritten(written) {
      time.learn({ fromMs: written.nowMs, toMs: Infinity, sentMs: 0, receivedMs: elapsedMs() })
      feed.offer(written.changes)
      observeExpiry(written)
      compacting.written(written)
    },
    between: () => compacting.forgetSurplus(),
  })
  const ends = expiryTimer({ clock, now, expire: () => writes.expire() })
  const feed = changeFeed({
    clock,
    pollMs: options.pollMs,
    revision: opened.revision,
    read: (since) => timed(() => read.changes('', since)),
    onPage: observeExpiry,
    publish: (changes) => watched.publish(changes),
    fail(error, revision) {
      if (error.code === 'revisionUnknown') {
        knownRevision = revision
        ends.reset()
      }
      for (const each of watched.watchers()) each.fail(error)
    },
    onReached() {
      for (const each of watched.watchers()) each.wake()
    },
  })
  ends.plan(opened)
  const wakes = spacedCalls(systemClock, WAKE_PAUSES, () => feed.wake())

  const requireOpen = (): void => {
    if (isClosed) throw closed()
  }

  /** What is begun is completed before the store is closed. */
  const begin = async <T>(work: () => Promise<T>): Promise<T> => {
    requireOpen()
    const running = work()
    begun.add(running)
    try {
      return await running
    } finally {
      begun.delete(running)
    }
  }

  const requireRemembered: PastSource['requireRemembered'] = (
    since,
    state = { revision: knownRevision, compactedRevision },
  ) => {
    if (since > state.revision) {
      throw new StoreError(
        'revisionUnknown',
        `revision ${since} is unknown: the last one is ${state.revision}`,
      )
    }
    if (since >= state.compactedRevision) return
    throw new StoreError(
      'revisionCompacted',
      `changes after revision ${since} were forgotten, up to revision ${state.compactedRevision}`,
    )
  }

  const source: Watched = {
    clock,
    elapsedMs,
    turns: reads,
    revision: feed.revision,
    isCurrent: feed.isCurrent,
    past: (prefix) => pastChanges({ feed, reader: read, requireOpen, requireRemembered }, prefix),
    join(each) {
      if (options.listens) {
        endListening ??= listen({ database, channel: schema, clock, onWake: wakes.ask })
      }
      feed.follow()
      return watched.join(each)
    },
    leave: (each) => watched.leave(each),
  }

  const watch = (prefix: string, given: WatchOptions): AsyncIterable<StoreEvent> => {
    const { since = knownRevision, signal, maxWaiting = DEFAULT_MAX_WAITING, progressMs } = given
    if (!Number.isSafeInteger(since) || since < 0) throw new RangeError('since must be a revision')
    return {
      [Symbol.asyncIterator]: () => watcher(source, { prefix, since, maxWaiting, progressMs, signal }),
    }
  }

  /** The first page. What has expired is deleted before, so that the list and the changes after it agree. */
  const listNow = async (prefix: string, limit: number | undefined): Promise<StoredList> => {
    const range = { prefix, ...(limit !== undefined && { limit: limit + 1 }) }
    const found = await read.list(range)
    if (!found.isDue) return pageOf(found.objects, found.revision, limit)
    // While it fails, as on a full disk, expired objects are only left out.
    await writes.expire().catch(() => undefined)
    const { objects, revision } = await read.list(range)
    return pageOf(objects, revision, limit)
  }

  const listOn = async (prefix: string, limit: number | undefined, token: string): Promise<StoredList> => {
    const { revision, after } = readContinueToken(token, prefix)
    const found = await read.listAt(
      { prefix, after, ...(limit !== undefined && { limit: limit + 1 }) },
      revision,
    )
    requireRemembered(revision, found)
    return pageOf(found.objects, revision, limit)
  }

  const list = async (prefix: string, { limit, continue: token }: ListOptions): Promise<StoredList> => {
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) {
      throw new RangeError('limit must be a whole number of at least 1')
    }
    const found = await (token === undefined ? listNow(prefix, limit) : listOn(prefix, limit, token))
    knownRevision = Math.max(knownRevision, found.revision)
    return found
  }

  /** The database adds to its own time. */
  const ttlOf = ({ ttlMs, expiresAtMs }: Lifetime): Pick<Operation, 'ttlMs'> => {
    if (expiresAtMs !== undefined) return { ttlMs: Math.max(1, expiresAtMs - time.earliestMs()) }
    return ttlMs === undefined ? {} : { ttlMs }
  }

  const write = (operation: Operation, lifetime: Lifetime = {}): Promise<StoreChange> =>
    begin(() => {
      checkKey(operation.key)
      if (operation.value !== undefined) checkValue(operation.value)
      checkLifetime(lifetime)
      if (operation.fence !== undefined) checkKey(operation.fence.key)
      return writes.write({ ...operation, ...ttlOf(lifetime) })
    })

  return {
    get: (key) =>
      begin(async () => {
        checkKey(key)
        return read.get(key)
      }),
    list: (prefix, given = {}) => begin(() => list(prefix, given)),
    create: async (key, value, { fence, ...lifetime } = {}) =>
      objectOf(await write({ type: 'created', key, value, ...(fence !== undefined && { fence }) }, lifetime)),
    update: async (key, value, revision, { fence, ...lifetime } = {}) =>
      objectOf(
        await write(
          { type: 'updated', key, value, revision, ...(fence !== undefined && { fence }) },
          lifetime,
        ),
      ),
    delete: (key, precondition = {}) => write({ ...precondition, type: 'deleted', key }),
    watch: (prefix, given = {}) => watch(prefix, given),
    revision: () =>
      begin(async () => {
        const state = await timed(() => read.state())
        observeExpiry(state)
        if (!feed.isCurrent()) feed.wake()
        return state.revision
      }),
    now: () => time.nowMs(),
    compact: (upTo) =>
      begin(async () => {
        const { revision } = await compacting.compact(upTo)
        requireRemembered(upTo, { revision, compactedRevision: 0 })
      }),
    async close() {
      if (isClosed) return
      isClosed = true
      ends.stop()
      await Promise.allSettled(begun)
      await writes.idle()
      feed.stop()
      wakes.stop()
      endListening?.()
      reads.flush()
      for (const each of watched.watchers()) each.fail(closed())
      await database.close()
    },
  }
}

/** One object more than the limit says that there is another page. */
function pageOf(found: StoredList['objects'], revision: number, limit: number | undefined): StoredList {
  const objects = limit === undefined ? found : found.slice(0, limit)
  const last = objects.at(-1)
  const isMore = last !== undefined && objects.length < found.length
  return {
    objects,
    revision,
    ...(isMore && { continue: continueToken({ revision, after: last.key }) }),
  }
}
