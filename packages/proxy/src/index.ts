/** A proxy to a Kubernetes API server that acts as the authenticated user, by impersonation or with the user's token. @module */
export { impersonatingProxy } from './impersonating-proxy.ts'
export type { ImpersonatingProxy } from './adapters.ts'
export type { ImpersonatingProxyOptions } from './options.ts'
