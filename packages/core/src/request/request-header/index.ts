export { assertDistinctPools } from './distinct-pools.ts'
export { type RequestHeaderNames, requestHeaderNamesShape } from './header-names.ts'
export type { JoinedHeaders } from './read-identity.ts'
export {
  type ProxyCertificate,
  requestHeader,
  type RequestHeaderOptions,
  type TrustedRequests,
} from './request-header.ts'
