/**
 * Kubernetes API-server authentication on Node: what needs files, processes and TLS.
 *
 * @module
 */
export {
  createAuthenticator,
  type CreateAuthenticatorOptions,
  type NodeAuthenticator,
} from './create-authenticator.ts'
export { fileSource, type FileSource, type FileSourceOptions } from './file-source/file-source.ts'
export { passwordFileAt, type PasswordFileAtOptions } from './password-file-at.ts'
export { tokenFileAt, type TokenFileAtOptions } from './token-file-at.ts'
export {
  type ClientCertificateRequest,
  type TlsServerCredential,
  tlsServerOptions,
  type TlsServerOptions,
} from './tls/tls-server-options.ts'
export {
  type TlsServerFiles,
  tlsServerOptionsAt,
  type TlsServerOptionsAt,
} from './tls/tls-server-options-at.ts'
export {
  requestHeaderConfigAt,
  type RequestHeaderConfigAtOptions,
} from './request-header-config/request-header-config-at.ts'
