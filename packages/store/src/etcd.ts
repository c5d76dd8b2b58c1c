/** The store in etcd, for many replicas, on Node.js. @module */
export type { EtcdObjectStoreOptions } from './etcd/connect-etcd.ts'
export type { EtcdFetch } from './etcd/etcd-client.ts'
export { etcdObjectStore } from './etcd/etcd-store.ts'
