import type { ObjectStore } from '../object-store.ts'
import { connectEtcd, type EtcdObjectStoreOptions } from './connect-etcd.ts'
import { etcdStore } from './etcd-store.ts'

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
