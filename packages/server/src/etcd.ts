/**
 * The store in etcd, for many replicas, on Node.js.
 *
 * @module
 */
export { etcdObjectStore } from './store/etcd/etcd-object-store.ts'
