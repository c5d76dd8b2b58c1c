/**
 * The store in etcd, for many replicas, on Node.js.
 *
 * @module
 */
export { etcdObjectStore } from './etcd/etcd-object-store.ts'
