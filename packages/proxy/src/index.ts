/** A proxy to a Kubernetes API server that acts as the authenticated user, by impersonation or with the user's token. @module */
export { clusterClient } from './client/cluster-client.ts'
export type {
  ClusterClient,
  ClusterClientOptions,
  UserFetch,
  UserFetchInit,
} from './client/cluster-client.ts'
export { kubeConfigAsUser } from './client/kube-config-as-user.ts'
export type { ClientConfig, KubeConfigAsUserOptions } from './client/kube-config-as-user.ts'
export { impersonatingProxy } from './impersonating-proxy.ts'
export type { ImpersonatingProxy } from './adapters.ts'
export type { ImpersonatingProxyOptions, UpstreamOptions } from './options.ts'
export type { ActingOptions } from './acting-user.ts'
