import type { Clock } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import { checkKey } from '../limits.ts'
import type { HistoryLimit } from '../local/history.ts'
import { watch } from '../local/watcher.ts'
import { closed } from '../local/write-queue.ts'
import type { ObjectStore } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { workInProgress } from '../work-in-progress.ts'
import { after } from './after.ts'
import { type FoundObject, foundObject } from './change-of-event.ts'
import { type EndedObjects, endedObjects } from './ended-objects.ts'
import type { EtcdClient } from './etcd-client.ts'
import { storeFailure } from './etcd-failure.ts'
import type { EtcdKeys } from './etcd-keys.ts'
import { rangeReply } from './etcd-replies.ts'
import { etcdReplica, type EtcdReplica } from './etcd-replica.ts'
import type { EtcdTime } from './etcd-time.ts'
import { type WriteOutcome, writeOnce } from './etcd-writer.ts'
import { etcdWrites } from './etcd-writes.ts'
import { findStore } from './find-store.ts'
import { listObjects } from './list-objects.ts'
import type { EtcdWrite } from './write-transaction.ts'

/** Options of {@link etcdStore}. */
export interface EtcdStoreOptions {
  readonly client: EtcdClient
  readonly keys: EtcdKeys
  readonly time: EtcdTime
  readonly clock: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
  readonly limit: HistoryLimit
  readonly timeoutMs: number
  readonly onClosed: () => void
}

const RETRY_MS = 1000

/** The rules of an {@link ObjectStore} over etcd. @throws {StoreError} if etcd cannot be used. */
export async function etcdStore(options: EtcdStoreOptions): Promise<ObjectStore> {
  const { time, timeoutMs, onClosed } = options
  const work = workInProgress()
  const opening: Opening = {
    options,
    ended: removingEnded(options, (write) => once(opening, write)),
    isClosed: work.hasEnded,
    replica: undefined,
    lost: undefined,
  }
  const { ended } = opening
  const hidden = ({ object, ending }: FoundObject): boolean => ended.ends.isOver(object, ending)
  const find = (key: string): Promise<FoundObject | undefined> => findObject(opening, key)
  const writes = etcdWrites({
    ended,
    running: () => running(opening),
    once: (replica, write) => tryOnce(opening, replica, write),
    find,
    hidden,
  })
  const begin = <T>(task: () => Promise<T>): Promise<T> => work.begin(() => translated(task))

  await translated(async () => {
    await open(opening)
    await ended.removed(timeoutMs)
  })
  const store: ObjectStore = {
    get: (key) =>
      begin(async () => {
        checkKey(key)
        await ended.removed()
        const found = await find(key)
        return found === undefined || hidden(found) ? undefined : found.object
      }),
    list: (prefix, given = {}) =>
      begin(async () => {
        await ended.removed()
        return listObjects({ client: options.client, replica: running(opening), hidden, prefix, ...given })
      }),
    create: (key, value, lifetime) => begin(() => writes.create(key, value, lifetime)),
    update: (key, value, expected, lifetime) => begin(() => writes.update(key, value, expected, lifetime)),
    delete: (key, precondition) => begin(() => writes.delete(key, precondition)),
    watch: (prefix, given = {}) =>
      watch(() => opened(opening).watched, prefix, given, opening.replica?.revision() ?? 0),
    revision: () =>
      begin(async () => {
        await ended.removed()
        return running(opening).current()
      }),
    now: () => time.nowMs(),
    compact: (revision) => begin(async () => running(opening).compact(revision)),
    async close() {
      if (!work.end()) return
      ended.stop()
      await work.completed()
      opening.replica?.stop(closed())
      onClosed()
    },
    [Symbol.asyncDispose]: () => store.close(),
  }
  return store
}

/** A store that is opened, and opened again when etcd has another one. */
interface Opening {
  readonly options: EtcdStoreOptions
  readonly ended: EndedObjects
  readonly isClosed: () => boolean
  replica: EtcdReplica | undefined
  /** Why there is none now. */
  lost: StoreError | undefined
}

async function open(opening: Opening): Promise<void> {
  const { options, ended } = opening
  const { client, keys, timeoutMs, clock, elapsedMs, limit } = options
  const { ends } = ended
  const found = await findStore(client, keys, timeoutMs)
  if (opening.isClosed()) throw closed()
  ended.clear()
  for (const { version, expiresAtMs } of found.ends) ends.resume(version, expiresAtMs)
  const onLost = (error: StoreError): void => {
    opening.lost = new StoreError('storeUnavailable', `the store is opened again: ${error.message}`, error)
    void reopen(opening)
  }
  opening.replica = etcdReplica({ client, found, clock, elapsedMs, limit, timeoutMs, ends, onLost })
  opening.lost = undefined
  ends.plan()
}

async function reopen(opening: Opening): Promise<void> {
  while (!opening.isClosed()) {
    try {
      await open(opening)
      return
    } catch {
      await after(systemClock, RETRY_MS)
    }
  }
}

/** @throws {StoreError} if there is none now. */
function running(opening: Opening): EtcdReplica {
  if (opening.lost !== undefined) throw opening.lost
  return opened(opening)
}

function opened({ replica }: Opening): EtcdReplica {
  if (replica === undefined) throw closed()
  return replica
}

function removingEnded(
  { clock, elapsedMs, time, timeoutMs }: EtcdStoreOptions,
  write: (make: (base: number) => EtcdWrite) => Promise<WriteOutcome>,
): EndedObjects {
  return endedObjects({
    clock,
    elapsedMs,
    time,
    patienceMs: timeoutMs / 5,
    async remove({ key, revision }) {
      await write((base) => ({ type: 'delete', key, revision: base + revision }))
    },
  })
}

/** Tries a write in the store as it is now. */
async function once(opening: Opening, make: (base: number) => EtcdWrite): Promise<WriteOutcome> {
  const replica = running(opening)
  return tryOnce(opening, replica, make(replica.names.base))
}

function tryOnce(
  { options: { client, timeoutMs } }: Opening,
  { names, revision }: EtcdReplica,
  write: EtcdWrite,
): Promise<WriteOutcome> {
  const tried = { write, id: crypto.randomUUID(), since: names.base + revision() }
  return writeOnce(client, names, tried, timeoutMs)
}

async function findObject(opening: Opening, key: string): Promise<FoundObject | undefined> {
  const { names } = running(opening)
  const answer = await opening.options.client.call('kv/range', { key: names.keys.object(key) })
  const [found] = rangeReply(answer).keyValues
  return found === undefined ? undefined : foundObject(names, found)
}

/** What work resolves to, with failures of etcd as those of a store. @throws {StoreError} */
async function translated<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (thrown) {
    throw storeFailure(thrown)
  }
}
