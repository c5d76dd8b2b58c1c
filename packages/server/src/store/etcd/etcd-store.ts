import type { Clock } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import { checkKey, checkValue } from '../limits.ts'
import type { HistoryLimit } from '../local/history.ts'
import { watcher } from '../local/watcher.ts'
import { closed } from '../local/write-queue.ts'
import type {
  DeletePrecondition,
  Fence,
  Fenced,
  Lifetime,
  ObjectStore,
  StoreChange,
  StoredObject,
  StoreEvent,
  WatchOptions,
} from '../object-store.ts'
import { fencedOff, StoreError } from '../store-error.ts'
import { type FoundObject, foundObject } from './change-of-event.ts'
import { after } from './after.ts'
import { endedObjects } from './ended-objects.ts'
import type { Ending } from './envelope.ts'
import type { EtcdClient } from './etcd-client.ts'
import { storeFailure } from './etcd-failure.ts'
import type { EtcdKeys } from './etcd-keys.ts'
import { rangeReply } from './etcd-replies.ts'
import { etcdReplica, type EtcdReplica } from './etcd-replica.ts'
import type { EtcdTime } from './etcd-time.ts'
import { type WriteOutcome, writeOnce } from './etcd-writer.ts'
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

const DEFAULT_MAX_WAITING = 1000
const RETRY_MS = 1000

/** The rules of an {@link ObjectStore} over etcd. @throws {StoreError} if etcd cannot be used. */
export async function etcdStore(options: EtcdStoreOptions): Promise<ObjectStore> {
  const { client, keys, limit, timeoutMs, clock, elapsedMs, time, onClosed } = options
  const closing = new AbortController()
  let replica: EtcdReplica | undefined
  let lost: StoreError | undefined
  const inProgress = new Set<Promise<unknown>>()

  const ended = endedObjects({
    clock,
    elapsedMs,
    time,
    patienceMs: timeoutMs / 5,
    async remove({ key, revision }) {
      const { names } = running()
      const write: EtcdWrite = { type: 'delete', key, revision: names.base + revision }
      await writeOnce(client, names, tried(write), timeoutMs)
    },
  })
  const { ends } = ended

  const open = async (): Promise<void> => {
    const found = await findStore(client, keys, timeoutMs)
    ended.clear()
    for (const { version, expiresAtMs } of found.ends) ends.resume(version, expiresAtMs)
    replica = etcdReplica({ client, found, clock, elapsedMs, limit, ends, onLost })
    lost = undefined
    ends.plan()
  }

  const onLost = (error: StoreError): void => {
    lost = new StoreError('storeUnavailable', `the store is opened again: ${error.message}`, error)
    void reopen()
  }

  const reopen = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        await open()
        return
      } catch {
        await after(systemClock, RETRY_MS)
      }
    }
  }

  /** @throws {StoreError} if there is none now. */
  function running(): EtcdReplica {
    if (lost !== undefined) throw lost
    if (replica === undefined) throw closed()
    return replica
  }

  const tried = (write: EtcdWrite) => {
    const { names, revision } = running()
    return { write, id: crypto.randomUUID(), since: names.base + revision() }
  }

  /** Work that is completed before the store is closed. */
  const begun = <T>(work: () => Promise<T>): Promise<T> => {
    const promise = (async () => {
      if (closing.signal.aborted) throw closed()
      try {
        return await work()
      } catch (thrown) {
        throw storeFailure(thrown)
      }
    })()
    const over = (): void => void inProgress.delete(promise)
    inProgress.add(promise)
    promise.then(over, over)
    return promise
  }

  const hidden = ({ object, ending }: FoundObject): boolean => ends.isOver(object, ending)

  const find = async (key: string): Promise<FoundObject | undefined> => {
    const { names } = running()
    const [found] = rangeReply(await client.call('kv/range', { key: names.keys.object(key) })).keyValues
    return found === undefined ? undefined : foundObject(names, found)
  }

  /** Etcd compares revisions only: when a version ends is known from the watch, or from a read if the watch has not told of this revision yet. */
  const requireEndKnown = async (key: string, revision: number): Promise<void> => {
    const { names, watched } = running()
    if (revision - names.base <= watched.revision()) return
    const found = await find(key)
    if (found !== undefined) ends.seen(found.object, found.ending)
  }

  /** An object that has ended must not be changed nor be a fence, also if it could not be deleted before. */
  const requireNoneOver = async (write: EtcdWrite): Promise<void> => {
    const { key, type, fence } = write
    if (type === 'update') await requireEndKnown(key, write.revision)
    if (fence !== undefined) {
      await requireEndKnown(fence.key, fence.createdRevision)
      const over = ends.overdue(fence.key)
      // Unless it was put off meanwhile: etcd decides.
      if (over !== undefined) await ended.remove(over)
    }
    const over = ends.overdue(key)
    if (over === undefined) return
    await ended.remove(over)
    if (fence === undefined && type !== 'create') {
      throw new StoreError('objectNotFound', 'no object has this key')
    }
  }

  /** Does a write. An object that has ended counts as absent, and is deleted first. */
  const write = async (given: EtcdWrite): Promise<Extract<WriteOutcome, { readonly isDone: true }>> => {
    for (;;) {
      await ended.removed()
      await requireNoneOver(given)
      const { names } = running()
      const outcome = await writeOnce(client, names, tried(given), timeoutMs)
      if (outcome.isDone) {
        await running().caughtUp(outcome.revision - names.base)
        return outcome
      }
      if (outcome.state?.createRevision !== names.base) {
        await running().current()
        throw new StoreError('storeUnavailable', 'etcd has another store than before')
      }
      if (outcome.isFenced) throw fencedOff()
      if (outcome.current === undefined) throw new StoreError('objectNotFound', 'no object has this key')
      const found = foundObject(names, outcome.current)
      if (!hidden(found)) throw refusedWrite(given)
      ends.seen(found.object, found.ending)
      await ended.remove(found.object)
      if (given.type !== 'create') throw new StoreError('objectNotFound', 'no object has this key')
    }
  }

  const written = async (given: Exclude<EtcdWrite, { readonly type: 'delete' }>): Promise<StoredObject> => {
    const { revision, object } = await write(given)
    const { base } = running().names
    const { key, value, ending } = given
    return {
      key,
      value,
      revision: revision - base,
      createdRevision: object.createRevision - base,
      ...(ending !== undefined && { expiresAtMs: ending.expiresAtMs }),
    }
  }

  const put = (
    key: string,
    value: string,
    { ttlMs, fence }: Lifetime,
    writeOf: (ending: Ending | undefined) => Exclude<EtcdWrite, { readonly type: 'delete' }>,
  ): Promise<StoredObject> =>
    begun(async () => {
      checkKey(key)
      checkValue(value)
      return written({ ...writeOf(ends.begin(ttlMs)), ...fencedBy(fence) })
    })

  /** No object has the revision of the store itself, so that it stands for those which no object can have. */
  const revisionOfEtcd = (revision: number): number => {
    const { base } = running().names
    return Number.isSafeInteger(revision) && revision > 0 && revision <= Number.MAX_SAFE_INTEGER - base
      ? base + revision
      : base
  }

  const fencedBy = (fence: Fence | undefined): Fenced => {
    if (fence === undefined) return {}
    checkKey(fence.key)
    return { fence: { key: fence.key, createdRevision: revisionOfEtcd(fence.createdRevision) } }
  }

  const remove = async (key: string, given: DeletePrecondition): Promise<StoreChange> => {
    const { names } = running()
    const { revision, createdRevision, fence } = given
    const outcome = await write({
      type: 'delete',
      key,
      revision: revision === undefined ? undefined : revisionOfEtcd(revision),
      createdRevision: createdRevision === undefined ? undefined : revisionOfEtcd(createdRevision),
      ...fencedBy(fence),
    })
    const found = foundObject(names, outcome.object)
    if (hidden(found)) throw new StoreError('objectNotFound', 'no object has this key')
    const { value, createdRevision: created } = found.object
    return { type: 'deleted', key, value, revision: outcome.revision - names.base, createdRevision: created }
  }

  const watch = (prefix: string, given: WatchOptions): AsyncIterable<StoreEvent> => {
    const { since = replica?.revision() ?? 0, signal, maxWaiting = DEFAULT_MAX_WAITING, progressMs } = given
    if (!Number.isSafeInteger(since) || since < 0) throw new RangeError('since must be a revision')
    const watching = { prefix, since, maxWaiting, progressMs, signal }
    return {
      [Symbol.asyncIterator]: () => {
        if (replica === undefined) throw closed()
        return watcher(replica.watched, watching)
      },
    }
  }

  try {
    await open()
    await ended.removed(timeoutMs)
  } catch (thrown) {
    throw storeFailure(thrown)
  }

  return {
    get: (key) =>
      begun(async () => {
        checkKey(key)
        await ended.removed()
        const found = await find(key)
        return found === undefined || hidden(found) ? undefined : found.object
      }),
    list: (prefix, given = {}) =>
      begun(async () => {
        await ended.removed()
        return listObjects({ client, replica: running(), hidden, prefix, ...given })
      }),
    create: (key, value, lifetime = {}) =>
      put(key, value, lifetime, (ending) => ({ type: 'create', key, value, ending })),
    update: (key, value, expected, lifetime = {}) =>
      put(key, value, lifetime, (ending) => ({
        type: 'update',
        key,
        value,
        ending,
        revision: revisionOfEtcd(expected),
      })),
    delete: (key, precondition = {}) =>
      begun(async () => {
        checkKey(key)
        return remove(key, precondition)
      }),
    watch: (prefix, given = {}) => watch(prefix, given),
    revision: () =>
      begun(async () => {
        await ended.removed()
        return running().current()
      }),
    compact: (revision) => begun(() => running().compact(revision)),
    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      ended.stop()
      await Promise.allSettled(inProgress)
      replica?.stop(closed())
      onClosed()
    },
  }
}

function refusedWrite({ type }: EtcdWrite): StoreError {
  return type === 'create'
    ? new StoreError('objectExists', 'an object with this key exists')
    : new StoreError('revisionConflict', 'the object has changed since that revision')
}
