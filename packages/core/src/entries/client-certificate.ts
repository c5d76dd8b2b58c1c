/** Users by client certificates, and what a proxy in front of the app says: certificates it forwards, and users it authenticated. @module */
export {
  certificateHeaders,
  type CertificateHeadersOptions,
} from '../request/certificate-headers/certificate-headers.ts'
export { cloudflareCertificates } from '../request/certificate-headers/cloudflare-certificates.ts'
export { cloudflareClientCertificate } from '../request/certificate-headers/cloudflare-client-certificate.ts'
export {
  certificateVerifier,
  type CertificateVerifierOptions,
} from '../request/client-certificate/certificate-verifier.ts'
export {
  clientCertificate,
  type ClientCertificateOptions,
} from '../request/client-certificate/client-certificate.ts'
export type { RequestHeaderConfig } from '../request/request-header-config/config.ts'
export { mergeRequestHeaderConfig } from '../request/request-header-config/merge.ts'
export { parseRequestHeaderConfig } from '../request/request-header-config/parse.ts'
export { requestHeader } from '../request/request-header/request-header.ts'
/** @internal */
export type { ProxyTrust } from '../request/certificate-headers/certificate-headers.ts'
/** @internal */
export { certificateUser } from '../request/client-certificate/certificate-user.ts'
/** @internal */
export {
  NO_REQUEST_HEADER_CONFIG,
  type RequestHeaderConfigData,
} from '../request/request-header-config/config.ts'
/** @internal */
export { assertDistinctPools } from '../request/request-header/distinct-pools.ts'
/** @internal */
export { type RequestHeaderNames, requestHeaderNamesShape } from '../request/request-header/header-names.ts'
export type { RequestHeaderOptions } from '../request/request-header/request-header.ts'
