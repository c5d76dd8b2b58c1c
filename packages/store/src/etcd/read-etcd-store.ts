import { memberOf } from '@kube-authn/core/internal'
import { type FoundObject, inParts, SNAPSHOT_PAGE, type StoreSnapshot } from '../store-snapshot.ts'
import { isStoreError, StoreError } from '../store-error.ts'
import { foundObject } from './change-of-event.ts'
import { connectEtcd, type EtcdConnection, type EtcdObjectStoreOptions } from './connect-etcd.ts'
import { storeFailure } from './etcd-failure.ts'
import { type KeyValue, rangeReply, transactionReply } from './etcd-replies.ts'
import { compactedRevision } from './find-store.ts'
import { readState, type StoreNames } from './write-transaction.ts'

/**
 * Reads the store in etcd as it is now, and makes none.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} `storeUnavailable` if etcd cannot be used or has no store; `revisionCompacted` if etcd forgets the revision while it is read.
 */
export async function readEtcdStore<T>(
  options: EtcdObjectStoreOptions,
  work: (snapshot: StoreSnapshot) => Promise<T>,
): Promise<T> {
  const connection = connectEtcd(options)
  try {
    return await work(await snapshotOf(connection))
  } catch (thrown) {
    throw storeFailure(thrown)
  } finally {
    connection.close()
  }
}

async function snapshotOf({ client, keys, timeoutMs }: EtcdConnection): Promise<StoreSnapshot> {
  const reply = transactionReply(await client.call('kv/txn', { success: [readState(keys)] }))
  const state = reply.results[0]?.keyValues[0]
  if (state === undefined) throw new StoreError('storeUnavailable', 'etcd has no store below this prefix')
  const names: StoreNames = { keys, base: state.createRevision }
  const range = async (prefix: string, more: object): Promise<unknown> =>
    client.call('kv/range', {
      ...keys.objects(prefix),
      // No change of the store is between its last one and this.
      revision: String(reply.revision),
      ...more,
    })
  const revision = state.modRevision - names.base
  return {
    engine: 'etcd',
    revision,
    // Others can compact etcd past the last change of the store.
    compactedRevision: Math.min(revision, await compactedRevision(client, names, timeoutMs)),
    // Integers of 64 bits are strings, and zero is left out.
    count: async (prefix) => Number(memberOf(await range(prefix, { count_only: true }), 'count') ?? 0),
    objects: (prefix) =>
      inParts(async (after) => {
        const page = { ...(after !== undefined && keys.objects(prefix, after)), limit: String(SNAPSHOT_PAGE) }
        return rangeReply(await range(prefix, page)).keyValues.map((each) => readObject(names, each))
      }),
    // Etcd itself keeps the changes. What its objects must be is checked with each of them.
    historyProblems: () => Promise.resolve([]),
  }
}

function readObject(names: StoreNames, found: KeyValue): FoundObject {
  try {
    return foundObject(names, found).object
  } catch (thrown) {
    if (!isStoreError(thrown, 'storeCorrupted')) throw thrown
    return { key: names.keys.keyOfObject(found.key), problem: 'the value was not written by kube-authn' }
  }
}
