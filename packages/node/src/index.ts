/** Kubernetes API-server authentication on Node: the parts that need files, processes and TLS. @module */
export {
  authenticationConfigurationAt,
  type AuthenticationConfigurationAtOptions,
  type EgressProxies,
} from './at/authentication-configuration-at.ts'
export {
  authorizationConfigurationAt,
  type AuthorizationConfigurationAtOptions,
} from './at/authorization-configuration-at.ts'
export {
  certificateAuthoritiesAt,
  type CertificateAuthoritiesAtOptions,
} from './at/certificate-authorities-at.ts'
export {
  type KeystoneAt,
  keystoneAt,
  type KeystoneAtOptions,
  type KeystoneOptions,
} from './at/keystone-at.ts'
export type { OidcAtOptions } from './at/oidc-at.ts'
export { passwordFileAt, type PasswordFileAtOptions } from './at/credential-files-at.ts'
export { rbacAt, type RbacAtOptions } from './at/rbac-at.ts'
export { tokenFileAt, type TokenFileAtOptions } from './at/credential-files-at.ts'
export { verificationKeysAt, type VerificationKeysAtOptions } from './at/verification-keys-at.ts'
export type {
  CreateAuthenticatorOptions,
  FrontProxyOptions,
} from './configure/create-authenticator-options.ts'
export { createAuthenticator, type NodeAuthenticator } from './configure/create-authenticator.ts'
export type { CreateAuthorizerOptions, RbacManifests } from './configure/create-authorizer.ts'
export { createAuthorizer, type NodeAuthorizer } from './configure/create-authorizer.ts'
export type { ServiceAccountsOptions, TokenOptions } from './configure/token-authenticators.ts'
export type { ConfiguredProxy } from './delegation/cluster-clients.ts'
export {
  delegatedAuthentication,
  type DelegatedAuthentication,
  type DelegatedAuthenticationOptions,
} from './delegation/delegated-authentication.ts'
export { inClusterEndpoint, type InClusterEndpointOptions } from './delegation/cluster-endpoint.ts'
export {
  requestHeaderFromCluster,
  type RequestHeaderFromClusterOptions,
} from './delegation/cluster-config-map.ts'
export type { ReloadOptions } from './file-source/reloading-source.ts'
export {
  requestHeaderAt,
  type RequestHeaderAtOptions,
  requestHeaderConfigAt,
  type RequestHeaderConfigAtOptions,
} from './front-proxy/described-proxy.ts'
export {
  createFetch,
  type CreateFetchOptions,
  type HttpFetch,
  type HttpFetchInit,
} from './http/create-fetch.ts'
export { type EndpointFetch, endpointFetch, type EndpointFetchOptions } from './http/endpoint-client.ts'
export type { Credential, Endpoint, Transport } from './http/endpoint.ts'
export {
  parseKubeconfig,
  type ParseKubeconfigOptions,
  readKubeconfig,
  type ReadKubeconfigOptions,
} from './kubeconfig/kubeconfig.ts'
export { lifecycle, type Lifecycle, type LifecycleOptions } from './lifecycle/lifecycle.ts'
export type { Closeable } from './options/closeable.ts'
export { http2ServerOptions, type Http2ServerOptions } from './tls/http2-server-options.ts'
export { tlsServerOptions, type TlsServerOptions } from './tls/tls-server-options.ts'
export {
  type TlsServerFiles,
  tlsServerOptionsAt,
  type TlsServerOptionsAtOptions,
} from './tls/tls-server-options-at.ts'
export {
  type AuthenticatedUpgrade,
  authenticateUpgrade,
  type AuthenticateUpgradeOptions,
} from './upgrade/authenticate-upgrade.ts'
export { webhookAuthenticatorAt, type WebhookAuthenticatorAtOptions } from './webhook/webhooks-at.ts'
export { webhookAuthorizerAt, type WebhookAuthorizerAtOptions } from './webhook/webhooks-at.ts'
