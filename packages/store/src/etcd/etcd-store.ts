import { defined } from '@kube-authn/core/internal'
import { checkKey } from '../limits.ts'
import { watch } from '../local/watcher.ts'
import { closed, failureOfWrite } from '../store-error.ts'
import type { ObjectStore } from '../object-store.ts'
import { workInProgress } from '../work-in-progress.ts'
import { connectEtcd, type EtcdConnection, type EtcdObjectStoreOptions } from './connect-etcd.ts'
import { storeFailure } from './etcd-failure.ts'
import { etcdWrites } from './etcd-writes.ts'
import { countObjects, listObjects } from './list-objects.ts'
import { findObject, openedStore, running } from './opened-store.ts'

/**
 * A store in etcd 3.4 or newer, for any number of processes. It uses the JSON gateway of the client port, and no other package. Compaction is of the whole etcd, so
 * give the store an etcd of its own.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `storeUnavailable` if etcd cannot be used.
 * @example
 * const store = await etcdObjectStore({ endpoints: ['https://etcd.example.com:2379'], caFile: '/etc/kube-authn/etcd-ca.crt' })
 */
export async function etcdObjectStore(options: EtcdObjectStoreOptions): Promise<ObjectStore> {
  const connection = connectEtcd(options)
  try {
    return await etcdStore(connection)
  } catch (thrown) {
    connection.close()
    throw thrown
  }
}

/** The rules of an {@link ObjectStore} over etcd, which closes the connection. @throws {StoreError} if etcd cannot be used. */
export async function etcdStore(connection: EtcdConnection): Promise<ObjectStore> {
  const work = workInProgress()
  const begin = <T>(task: () => Promise<T>): Promise<T> => work.begin(() => translated(task))
  const written = <T>(task: () => Promise<T>): Promise<T> =>
    begin(task).catch((thrown: unknown) => {
      throw failureOfWrite(thrown, 'notWritten')
    })
  const opened = await translated(() => openedStore(connection, work.hasEnded))
  const { ended } = opened
  const writes = etcdWrites(opened)
  const store: ObjectStore = {
    get: (key) =>
      begin(async () => {
        checkKey(key)
        const found = await findObject(opened, key)
        return found === undefined || ended.isOver(found) ? undefined : found.object
      }),
    list: (prefix, given = {}) =>
      begin(async () => {
        await ended.removed('reader')
        return listObjects(opened, prefix, given)
      }),
    count: (prefix, most) => begin(async () => Math.min(most, await countObjects(opened, prefix))),
    create: (...given) => written(() => writes.create(...given)),
    update: (...given) => written(() => writes.update(...given)),
    delete: (...given) => written(() => writes.delete(...given)),
    watch: (prefix, given = {}) =>
      watch(
        () => {
          if (opened.replica === undefined) throw closed()
          return opened.replica.watched
        },
        prefix,
        given,
        opened.replica?.revision() ?? 0,
      ),
    revision: () =>
      begin(async () => {
        await ended.removed('reader')
        return running(opened).current()
      }),
    now: () => connection.time.nowMs(),
    status: () => ({
      clockOffsetSeconds: connection.time.clockOffsetMs() / 1000,
      ...defined({ revision: opened.replica?.revision() }),
    }),
    compact: (revision) => begin(async () => running(opened).compact(revision)),
    async close() {
      if (!work.end()) return
      ended.stop()
      await work.completed()
      opened.replica?.stop(closed())
      connection.close()
    },
    [Symbol.asyncDispose]: () => store.close(),
  }
  return store
}

/** What work resolves to, with failures of etcd as those of a store. @throws {StoreError} */
async function translated<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (thrown) {
    throw storeFailure(thrown)
  }
}
