/**
 * Kubernetes API-server authentication on Node: the parts that need files, processes and TLS.
 *
 * @module
 */
export {
  authenticationConfigurationAt,
  type AuthenticationConfigurationAtOptions,
} from './authentication-configuration-at.ts'
export { type AuditFile, auditFile } from './audit-file/audit-file.ts'
export type { AuditFileOptions } from './audit-file/audit-file-options.ts'
export { auditPolicyAt, type AuditPolicyAtOptions } from './audit-policy-at.ts'
export {
  authorizationConfigurationAt,
  type AuthorizationConfigurationAtOptions,
} from './authorization-configuration-at.ts'
export {
  certificateAuthoritiesAt,
  type CertificateAuthoritiesAtOptions,
} from './certificate-authorities-at.ts'
export type { CreateAuthenticatorOptions, FrontProxyOptions } from './create-authenticator-options.ts'
export { createAuthenticator, type NodeAuthenticator } from './create-authenticator.ts'
export type { CreateAuthorizerOptions, RbacManifests } from './create-authorizer-options.ts'
export { createAuthorizer, type NodeAuthorizer } from './create-authorizer.ts'
export {
  delegatedAuthentication,
  type DelegatedAuthentication,
  type DelegatedAuthenticationOptions,
} from './delegation/delegated-authentication.ts'
export type { ConfiguredProxy } from './delegation/cluster-clients.ts'
export { inClusterEndpoint, type InClusterEndpointOptions } from './delegation/in-cluster-endpoint.ts'
export {
  requestHeaderFromCluster,
  type RequestHeaderFromClusterOptions,
} from './delegation/request-header-from-cluster.ts'
export { auditFromFlags, type AuditFromFlagsOptions, type NodeAudit } from './flags/audit-from-flags.ts'
export {
  type ExternalSigner,
  externalSignerAt,
  type ExternalSignerAtOptions,
} from './external-signer/external-signer-at.ts'
export { authenticatorFromFlags } from './flags/authenticator-from-flags.ts'
export { authorizerFromFlags } from './flags/authorizer-from-flags.ts'
export {
  AUDIT_FLAGS,
  AUTHENTICATION_FLAGS,
  AUTHORIZATION_FLAGS,
  type FlagKind,
  type KnownFlag,
} from './flags/known-flags.ts'
export type { AuthenticatorFromFlagsOptions, AuthorizerFromFlagsOptions } from './flags/flags-options.ts'
export { fileSource, type FileSourceOptions } from './file-source/file-source.ts'
export {
  type Manifest,
  manifestsSource,
  type ManifestsSourceOptions,
} from './file-source/manifests-source.ts'
export type { FileSource, ReloadOptions } from './file-source/reloading-source.ts'
export { createFetch, type FetchOptions, type HttpFetch, type HttpFetchInit } from './http/create-fetch.ts'
export { type EndpointFetch, endpointFetch } from './http/endpoint-fetch.ts'
export type { Credential, Endpoint, Transport } from './http/endpoint.ts'
export { type KeystoneAt, keystoneAt, type KeystoneAtOptions } from './keystone-at.ts'
export type { KeystoneOptions } from './keystone-chain.ts'
export {
  parseKubeconfig,
  type ParseKubeconfigOptions,
  readKubeconfig,
  type ReadKubeconfigOptions,
} from './kubeconfig/kubeconfig.ts'
export { passwordFileAt, type PasswordFileAtOptions } from './password-file-at.ts'
export { rbacAt, type RbacAtOptions } from './rbac-at.ts'
export type { EgressProxies } from './issuer-fetch.ts'
export type { ServiceAccountsOptions, TokenOptions } from './token-options.ts'
export { verificationKeysAt } from './verification-keys-at.ts'
export { tokenFileAt, type TokenFileAtOptions } from './token-file-at.ts'
export {
  http2ServerOptions,
  type Http2ServerOptions,
  type VisibleHttp2Fields,
} from './tls/http2-server-options.ts'
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
export { requestHeaderAt, type RequestHeaderAtOptions } from './request-header-at.ts'
export {
  webhookAuthenticatorAt,
  type WebhookAuthenticatorAtOptions,
} from './webhook/webhook-authenticator-at.ts'
export { auditWebhookAt, type AuditWebhookAtOptions } from './webhook/audit-webhook-at.ts'
export { webhookAuthorizerAt, type WebhookAuthorizerAtOptions } from './webhook/webhook-authorizer-at.ts'
