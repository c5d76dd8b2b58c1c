/*
 * What delegates to a cluster. It is loaded when an app does.
 */
export { delegate } from './delegate.ts'
export { proxyOfCluster } from './proxy-of-cluster.ts'
