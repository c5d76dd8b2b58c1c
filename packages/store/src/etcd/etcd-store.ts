import type { Clock } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import { checkKey } from '../limits.ts'
import type { HistoryLimit } from '../local/history.ts'
import { watcher } from '../local/watcher.ts'
import { closed } from '../local/write-queue.ts'
import type { ObjectStore, StoreEvent, WatchOptions } from '../object-store.ts'
import { StoreError } from '../store-error.ts'
import { type FoundObject, foundObject } from './change-of-event.ts'
import { after } from './after.ts'
import { endedObjects } from './ended-objects.ts'
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
      const current = running()
      await once(current, { type: 'delete', key, revision: current.names.base + revision })
    },
  })
  const { ends } = ended

  const open = async (): Promise<void> => {
    const found = await findStore(client, keys, timeoutMs)
    if (closing.signal.aborted) throw closed()
    ended.clear()
    for (const { version, expiresAtMs } of found.ends) ends.resume(version, expiresAtMs)
    replica = etcdReplica({ client, found, clock, elapsedMs, limit, timeoutMs, ends, onLost })
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

  const once = ({ names, revision }: EtcdReplica, write: EtcdWrite): Promise<WriteOutcome> => {
    const tried = { write, id: crypto.randomUUID(), since: names.base + revision() }
    return writeOnce(client, names, tried, timeoutMs)
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

  const writes = etcdWrites({ ended, running, once, find, hidden })

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
    create: (key, value, lifetime) => begun(() => writes.create(key, value, lifetime)),
    update: (key, value, expected, lifetime) => begun(() => writes.update(key, value, expected, lifetime)),
    delete: (key, precondition) => begun(() => writes.delete(key, precondition)),
    watch: (prefix, given = {}) => watch(prefix, given),
    revision: () =>
      begun(async () => {
        await ended.removed()
        return running().current()
      }),
    now: () => time.nowMs(),
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
