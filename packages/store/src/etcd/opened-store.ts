import { systemClock } from '@kube-authn/core/internal'
import { closed, StoreError } from '../store-error.ts'
import { type FoundObject, foundObject } from './change-of-event.ts'
import type { EtcdConnection } from './connect-etcd.ts'
import { type EndedObjects, endedObjects } from './ended-objects.ts'
import { rangeReply } from './etcd-replies.ts'
import { etcdReplica, type EtcdReplica } from './etcd-replica.ts'
import { type WriteOutcome, writeOnce } from './etcd-writer.ts'
import { findStore } from './find-store.ts'
import { after } from './within.ts'
import type { EtcdWrite } from './write-transaction.ts'

/** A store that is opened, and opened again when etcd has another one. */
export interface OpenedStore {
  readonly connection: EtcdConnection
  readonly ended: EndedObjects
  readonly isClosed: () => boolean
  replica: EtcdReplica | undefined
  /** Why there is none now. */
  lost: StoreError | undefined
}

const RETRY_MS = 1000

export async function openedStore(connection: EtcdConnection, isClosed: () => boolean): Promise<OpenedStore> {
  const store: OpenedStore = {
    connection,
    ended: endedObjects(connection, async ({ key, revision }) => {
      const replica = running(store)
      const write: EtcdWrite = { type: 'delete', key, revision: replica.names.base + revision }
      return (await tryWrite(store, replica, write)).isDone
    }),
    isClosed,
    replica: undefined,
    lost: undefined,
  }
  await open(store)
  await store.ended.removed('reader', connection.timeoutMs)
  return store
}

async function open(store: OpenedStore): Promise<void> {
  const { connection, ended } = store
  const found = await findStore(connection)
  if (store.isClosed()) throw closed()
  ended.clear()
  for (const { expiresAtMs, ...version } of found.ends) ended.resume(version, expiresAtMs)
  const onLost = (error: StoreError): void => {
    store.lost = new StoreError('storeUnavailable', `the store is opened again: ${error.message}`, error)
    void reopen(store)
  }
  store.replica = etcdReplica({ ...connection, found, ends: ended, onLost })
  store.lost = undefined
  ended.plan()
}

async function reopen(store: OpenedStore): Promise<void> {
  while (!store.isClosed()) {
    try {
      await open(store)
      return
    } catch {
      await after(systemClock, RETRY_MS)
    }
  }
}

/** @throws {StoreError} if there is none now. */
export function running({ replica, lost }: OpenedStore): EtcdReplica {
  if (lost !== undefined) throw lost
  if (replica === undefined) throw closed()
  return replica
}

/** Tries a write in a store as it was found. */
export function tryWrite(
  { connection: { client, timeoutMs } }: OpenedStore,
  { names, revision }: EtcdReplica,
  write: EtcdWrite,
): Promise<WriteOutcome> {
  const tried = { write, id: crypto.randomUUID(), since: names.base + revision() }
  return writeOnce(client, names, tried, timeoutMs)
}

/** The object with a key, which may have ended. */
export async function findObject(store: OpenedStore, key: string): Promise<FoundObject | undefined> {
  const { names } = running(store)
  const answer = await store.connection.client.call('kv/range', { key: names.keys.object(key) })
  const [found] = rangeReply(answer).keyValues
  return found === undefined ? undefined : foundObject(names, found)
}
