import type { Clock } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import { readContinueToken } from '../continue-token.ts'
import { checkKey, checkLifetime, checkValue } from '../limits.ts'
import { checkLimit, pageOf } from '../list-page.ts'
import { type Channels, channels } from '../local/channels.ts'
import type { HistoryLimit } from '../local/history.ts'
import { turns } from '../local/turns.ts'
import { watch, type Watched } from '../local/watcher.ts'
import { closed, objectOf } from '../local/write-queue.ts'
import type {
  Fence,
  Fenced,
  Lifetime,
  ListOptions,
  ObjectStore,
  StoreChange,
  StoredList,
} from '../object-store.ts'
import { type StoreTime, storeTime } from '../store-time.ts'
import { type WorkInProgress, workInProgress } from '../work-in-progress.ts'
import { type ChangeFeed, changeFeed } from './change-feed.ts'
import { type Compaction, compaction } from './compaction.ts'
import type { Database } from './database.ts'
import { type ExpiryTimer, expiryTimer } from './expiry-timer.ts'
import { type KnownRevisions, knownRevisions } from './known-revisions.ts'
import { listen } from './listener.ts'
import { pastChanges } from './past-changes.ts'
import { type Reader, reader } from './reader.ts'
import type { NextExpiry, StoreState } from './rows.ts'
import { spacedCalls } from './spaced-calls.ts'
import { type Operation, type Writer, writer } from './writer.ts'

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

/** Changes of other processes that come closer together are read together: to ask for them costs as much as ten of them. */
const WAKE_PAUSES = { leastMs: 20, mostMs: 160 }
/** How many watchers get an event before the event loop goes on: about a millisecond of work. */
const READS_PER_TURN = 128

/** @throws {StoreError} if the database cannot be reached or has no store. */
export async function postgresStore(options: PostgresStoreOptions): Promise<ObjectStore> {
  const { database, clock, elapsedMs } = options
  const replica = await openReplica(options)
  const { read, time, writes, feed, known, work } = replica
  const { begin } = work
  const reads = turns(READS_PER_TURN)
  const listening = listeningOf(options, feed)
  const watched: Watched = {
    clock,
    elapsedMs,
    turns: reads,
    revision: feed.revision,
    isCurrent: feed.isCurrent,
    past: (prefix) =>
      pastChanges(
        { feed, reader: read, requireOpen: work.requireOpen, requireRemembered: known.requireRemembered },
        prefix,
      ),
    join(each) {
      listening.begin()
      feed.follow()
      return replica.watched.join(each)
    },
    leave: (each) => replica.watched.leave(each),
  }
  const store: ObjectStore = {
    get: (key) =>
      begin(async () => {
        checkKey(key)
        return read.get(key)
      }),
    list: (prefix, given = {}) => begin(() => list(replica, prefix, given)),
    create: async (key, value, { fence, ...lifetime } = {}) =>
      objectOf(await write(replica, { type: 'created', key, value, ...fencedBy(fence) }, lifetime)),
    update: async (key, value, revision, { fence, ...lifetime } = {}) =>
      objectOf(await write(replica, { type: 'updated', key, value, revision, ...fencedBy(fence) }, lifetime)),
    delete: (key, precondition = {}) => write(replica, { ...precondition, type: 'deleted', key }),
    watch: (prefix, given = {}) => watch(() => watched, prefix, given, known.revision()),
    revision: () => begin(() => currentRevision(replica)),
    now: () => time.nowMs(),
    compact: (upTo) =>
      begin(async () => {
        const { revision } = await replica.compacting.compact(upTo)
        known.requireRemembered(upTo, { revision, compactedRevision: 0 })
      }),
    async close() {
      if (!work.end()) return
      replica.ends.stop()
      await work.completed()
      await writes.idle()
      feed.stop()
      listening.stop()
      reads.flush()
      for (const each of replica.watched.watchers()) each.fail(closed())
      await database.close()
    },
    [Symbol.asyncDispose]: () => store.close(),
  }
  return store
}

/** What this process has of a store in a database. */
interface Replica {
  readonly read: Reader
  readonly time: StoreTime
  readonly watched: Channels
  readonly known: KnownRevisions
  readonly compacting: Compaction
  readonly ends: ExpiryTimer
  readonly feed: ChangeFeed
  readonly writes: Writer
  readonly work: WorkInProgress
  /** Asks for the state of the store, and learns the time of the database. */
  readonly state: () => Promise<StoreState & NextExpiry>
}

async function openReplica(options: PostgresStoreOptions): Promise<Replica> {
  const { database, schema, clock, elapsedMs, now, waitMs, history, pollMs } = options
  const read = reader(database, schema, now)
  const time = storeTime(clock, elapsedMs, now() !== null)
  /** Every answer tells the time of the database. */
  const timed = async <T extends NextExpiry>(ask: () => Promise<T>): Promise<T> => {
    const sentMs = elapsedMs()
    const answer = await ask()
    time.learn({ fromMs: answer.nowMs, toMs: answer.nowMs, sentMs, receivedMs: elapsedMs() })
    return answer
  }
  const state = (): Promise<StoreState & NextExpiry> => timed(() => read.state())
  const opened = await state()
  const watched = channels()
  const known = knownRevisions(opened, watched)
  const onCompacted = (compacted: StoreState): void => known.observe(compacted)
  const compacting = compaction({ database, reader: read, schema, waitMs, history, onCompacted })
  // What expires is written, and what is written tells what expires next.
  const ends: ExpiryTimer = expiryTimer({ clock, now, expire: () => writes.expire() })
  const feed = changeFeed({
    clock,
    pollMs,
    revision: opened.revision,
    read: (since) => timed(() => read.changes('', since)),
    onPage(page) {
      known.observe(page)
      ends.plan(page)
    },
    publish: (changes) => watched.publish(changes),
    fail(error, revision) {
      if (error.code === 'revisionUnknown') {
        known.restart(revision)
        ends.reset()
      }
      for (const each of watched.watchers()) each.fail(error)
    },
    onReached() {
      for (const each of watched.watchers()) each.wake()
    },
  })
  const writes: Writer = writer({
    database,
    schema,
    now,
    waitMs,
    onWritten(written) {
      time.learn({ fromMs: written.nowMs, toMs: Infinity, sentMs: 0, receivedMs: elapsedMs() })
      feed.offer(written.changes)
      known.observe(written)
      ends.plan(written)
      compacting.written(written)
    },
    between: () => compacting.forgetSurplus(),
  })
  ends.plan(opened)
  return { read, time, watched, known, compacting, ends, feed, writes, work: workInProgress(), state }
}

/** Hears of the writes of other processes, from the first watcher on. */
function listeningOf(
  { database, schema, clock, listens }: PostgresStoreOptions,
  feed: ChangeFeed,
): { begin(): void; stop(): void } {
  const wakes = spacedCalls(systemClock, WAKE_PAUSES, () => feed.wake())
  let end: (() => void) | undefined
  return {
    begin() {
      if (listens) end ??= listen({ database, channel: schema, clock, onWake: wakes.ask })
    },
    stop() {
      wakes.stop()
      end?.()
    },
  }
}

async function currentRevision({ state, known, ends, feed }: Replica): Promise<number> {
  const current = await state()
  known.observe(current)
  ends.plan(current)
  if (!feed.isCurrent()) feed.wake()
  return current.revision
}

function write(replica: Replica, operation: Operation, lifetime: Lifetime = {}): Promise<StoreChange> {
  const { work, writes, time } = replica
  return work.begin(() => {
    checkKey(operation.key)
    if (operation.value !== undefined) checkValue(operation.value)
    checkLifetime(lifetime)
    if (operation.fence !== undefined) checkKey(operation.fence.key)
    return writes.write({ ...operation, ...ttlOf(lifetime, time) })
  })
}

function fencedBy(fence: Fence | undefined): Fenced {
  return fence === undefined ? {} : { fence }
}

/** The database adds to its own time. */
function ttlOf({ ttlMs, expiresAtMs }: Lifetime, time: StoreTime): Pick<Operation, 'ttlMs'> {
  if (expiresAtMs !== undefined) return { ttlMs: Math.max(1, expiresAtMs - time.earliestMs()) }
  return ttlMs === undefined ? {} : { ttlMs }
}

async function list(
  replica: Replica,
  prefix: string,
  { limit, continue: token }: ListOptions,
): Promise<StoredList> {
  checkLimit(limit)
  const page =
    token === undefined ? firstPage(replica, prefix, limit) : nextPage(replica, prefix, limit, token)
  const found = await page
  replica.known.reached(found.revision)
  return found
}

/** What has expired is deleted before, so that the list and the changes after it agree. */
async function firstPage(
  { read, writes }: Replica,
  prefix: string,
  limit: number | undefined,
): Promise<StoredList> {
  const range = { prefix, ...(limit !== undefined && { limit: limit + 1 }) }
  const found = await read.list(range)
  if (!found.isDue) return pageOf(found.objects, found.revision, limit)
  // While it fails, as on a full disk, expired objects are only left out.
  await writes.expire().catch(() => undefined)
  const { objects, revision } = await read.list(range)
  return pageOf(objects, revision, limit)
}

async function nextPage(
  { read, known }: Replica,
  prefix: string,
  limit: number | undefined,
  token: string,
): Promise<StoredList> {
  const { revision, after } = readContinueToken(token, prefix)
  const range = { prefix, after, ...(limit !== undefined && { limit: limit + 1 }) }
  const found = await read.listAt(range, revision)
  known.requireRemembered(revision, found)
  return pageOf(found.objects, revision, limit)
}
