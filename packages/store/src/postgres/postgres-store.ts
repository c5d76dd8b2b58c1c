import { defined, type StoreTime, systemClock } from '@kube-authn/core/internal'
import { checkKey, checkLifetime, checkValue } from '../limits.ts'
import { checkLimit, pageOf, readContinueToken } from '../list-pages.ts'
import { turns } from '../local/turns.ts'
import { READS_PER_TURN, watch, type Watched } from '../local/watcher.ts'
import { objectOf } from '../object-store.ts'
import { closed } from '../store-error.ts'
import type {
  Lifetime,
  ListOptions,
  ObjectStore,
  StoreChange,
  StoredList,
  StoreStatus,
} from '../object-store.ts'
import { requireKnown, requireRemembered } from '../revisions.ts'
import { workInProgress } from '../work-in-progress.ts'
import type { ChangeFeed } from './change-feed.ts'
import type { PostgresStoreOptions } from './database.ts'
import { listen } from './listener.ts'
import { compact, currentRevision, openReplica, pastChanges, type Replica } from './replica.ts'
import type { KeyRange, Reader } from './reader.ts'
import { spacedCalls } from './spaced-calls.ts'
import type { Operation } from './writer.ts'

/** Changes of other processes that come closer together are read together: to ask for them costs as much as ten of them. */
const WAKE_PAUSES = { leastMs: 20, mostMs: 160 }

/** @throws {StoreError} if the database cannot be reached or has no store. */
export async function postgresStore(options: PostgresStoreOptions): Promise<ObjectStore> {
  const { database, clock } = options
  const replica = await openReplica(options)
  const { read, time, writes, feed, ends } = replica
  const work = workInProgress()
  const { begin } = work
  const reads = turns(READS_PER_TURN)
  const listening = listeningOf(options, feed)
  const watched: Watched = {
    clock,
    turns: reads,
    revision: feed.revision,
    isCurrent: feed.isCurrent,
    past(prefix) {
      listening.begin()
      feed.follow(prefix)
      return pastChanges(replica, prefix, work.requireOpen)
    },
    join: (each) => replica.watched.join(each),
    leave(each) {
      feed.unfollow(each.prefix)
      replica.watched.leave(each)
    },
  }
  const write = (asked: Operation, { fence, ...lifetime }: Lifetime = {}): Promise<StoreChange> =>
    begin(() => {
      const operation = fence === undefined ? asked : { ...asked, fence }
      checkKey(operation.key)
      if (operation.value !== undefined) checkValue(operation.value)
      checkLifetime(lifetime)
      if (operation.fence !== undefined) checkKey(operation.fence.key)
      return writes.write({ ...operation, ...ttlOf(lifetime, time) })
    })
  const store: ObjectStore = {
    get: (key) =>
      begin(async () => {
        checkKey(key)
        return read.get(key)
      }),
    list: (prefix, given = {}) => begin(() => list(replica, prefix, given)),
    count: (...given) => begin(() => read.count(...given)),
    create: async (key, value, lifetime) => objectOf(await write({ type: 'created', key, value }, lifetime)),
    update: async (key, value, revision, lifetime) =>
      objectOf(await write({ type: 'updated', key, value, revision }, lifetime)),
    delete: (key, precondition = {}) => write({ ...precondition, type: 'deleted', key }),
    watch: (prefix, given = {}) => watch(() => watched, prefix, given, replica.revision),
    revision: () => begin(() => currentRevision(replica)),
    now: () => time.nowMs(),
    status: () => statusOf(replica),
    compact: (upTo) => begin(async () => requireKnown(await compact(replica, upTo), upTo)),
    async close() {
      if (!work.end()) return
      ends.stop()
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

function statusOf({ options, time, revision, compactedRevision }: Replica): StoreStatus {
  return {
    revision,
    compactedRevision,
    clockOffsetSeconds: time.clockOffsetMs() / 1000,
    schemaVersion: options.schemaVersion,
    ...defined({ connections: options.database.connections() }),
  }
}

/** Hears of the writes of other processes, from the first watcher on. */
function listeningOf(options: PostgresStoreOptions, feed: ChangeFeed): { begin(): void; stop(): void } {
  const wakes = spacedCalls(systemClock, WAKE_PAUSES, () => feed.wake())
  let end: (() => void) | undefined
  return {
    begin() {
      if (!options.listens) return
      end ??= listen(options, (heads) => {
        if (heads === undefined || heads.some(feed.concerns)) wakes.ask()
      })
    },
    stop() {
      wakes.stop()
      end?.()
    },
  }
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
  const from = token === undefined ? undefined : readContinueToken(token, prefix)
  const range = { prefix, ...from, ...(limit !== undefined && { limit: limit + 1 }) }
  const found =
    from === undefined ? await listNow(replica, range) : await replica.read.listAt(range, from.revision)
  const { revision } = from ?? found
  if (from !== undefined) requireRemembered(found, revision)
  replica.revision = Math.max(replica.revision, revision)
  return pageOf(found.objects, revision, limit)
}

/** What has expired is deleted before, so that the list and the changes after it agree. */
async function listNow({ read, writes }: Replica, range: KeyRange): ReturnType<Reader['list']> {
  const found = await read.list(range)
  if (!found.isDue) return found
  // While it fails, as on a full disk, expired objects are only left out.
  await writes.expire().catch(() => undefined)
  return read.list(range)
}
