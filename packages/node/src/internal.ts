/**
 * What the other packages of kube-authn and their tests use beyond the public entry. Any release may change it.
 *
 * @module
 */
export type { AuthenticationConfigurationAtOptions } from './at/authentication-configuration-at.ts'
export type { AuditFileOptions } from './audit-file/audit-file-options.ts'
export type { AuditPolicyAtOptions } from './audit-policy-at.ts'
export type { AuthorizationConfigurationAtOptions } from './at/authorization-configuration-at.ts'
export type { CertificateAuthoritiesAtOptions } from './at/certificate-authorities-at.ts'
export type { FrontProxyOptions } from './configure/create-authenticator-options.ts'
export type { RbacManifests } from './configure/create-authorizer-options.ts'
export type { DelegatedAuthenticationOptions } from './delegation/delegated-authentication.ts'
export type { ConfiguredProxy } from './delegation/cluster-clients.ts'
export type { InClusterEndpointOptions } from './delegation/in-cluster-endpoint.ts'
export type { RequestHeaderFromClusterOptions } from './delegation/request-header-from-cluster.ts'
export type { AuditFromFlagsOptions } from './flags/audit-from-flags.ts'
export type { ExternalSignerAtOptions } from './external-signer/external-signer.ts'
export {
  AUDIT_FLAGS,
  ALIASES as FLAG_ALIASES,
  AUTHENTICATION_FLAGS,
  AUTHORIZATION_FLAGS,
  type FlagKind,
  type KnownFlag,
} from './flags/known-flags.ts'
export type { AuthenticatorFromFlagsOptions, AuthorizerFromFlagsOptions } from './flags/flags-options.ts'
export { type FlagTable, parseFlags, type ParsedFlags } from './flags/parse-flags.ts'
export {
  booleanOf,
  isGiven,
  listOf as listOfFlag,
  numberOf,
  optionalString,
  secondsOf,
  stringOf,
} from './flags/read-flags.ts'
export {
  type RefusedFlags,
  REFUSED_FOR_AUTHENTICATION,
  REFUSED_FOR_AUTHORIZATION,
} from './flags/refused-flags.ts'
export { shownFlag } from './flags/known-flags.ts'
export { unknownFlag } from './flags/unknown-flag.ts'
export { fileSource } from './file-source/file-source.ts'
export type { FileSourceOptions } from './options/reload-options.ts'
export { readSteps } from './file-source/read-file.ts'
export {
  type Manifest,
  manifestFilesAt,
  manifestsSource,
  type ManifestsSourceOptions,
} from './file-source/manifests-source.ts'
export { looksLikeContent } from './file-source/unreadable.ts'
export type { FileSource, ReloadOptions } from './file-source/reloading-source.ts'
export type { FetchOptions, HttpFetchInit } from './http/create-fetch.ts'
export { isToken } from './http/bearer-token-file.ts'
export { clientCertificatesIn, keyPairProblem, privateKeyIn } from './http/pem.ts'
export {
  endpointConnection,
  type EndpointConnection,
  type EndpointConnectionOptions,
  type EndpointTls,
} from './http/endpoint-connection.ts'
export type { EndpointFetch } from './http/endpoint-fetch.ts'
export type { Credential, Transport } from './http/endpoint.ts'
export type { KeystoneAtOptions } from './at/keystone-at.ts'
export { type ClientKubeconfig, parseClientKubeconfig } from './kubeconfig/client-kubeconfig.ts'
export { EXEC_VERSIONS, type ExecPlugin } from './kubeconfig/exec-plugin.ts'
export type { OidcProvider } from './kubeconfig/oidc-provider.ts'
export { kubeConfigFileProblem } from './kubeconfig/regular-file.ts'
export type { ParseKubeconfigOptions, ReadKubeconfigOptions } from './kubeconfig/kubeconfig.ts'
export type { PasswordFileAtOptions } from './at/password-file-at.ts'
export type { RbacAtOptions } from './at/rbac-at.ts'
export type { EgressProxies } from './at/authentication-configuration-at.ts'
export type { ServiceAccountsOptions, TokenOptions } from './configure/token-options.ts'
export type { TokenFileAtOptions } from './at/token-file-at.ts'
export {
  type Http2ServerOptions,
  keepsHttp2Fields,
  type VisibleHttp2Fields,
} from './tls/http2-server-options.ts'
export type {
  ClientCertificateRequest,
  TlsServerCredential,
  TlsServerOptions,
} from './tls/tls-server-options.ts'
export type { TlsServerFiles, TlsServerOptionsAt } from './tls/tls-server-options-at.ts'
export type { RequestHeaderConfigAtOptions } from './front-proxy/request-header-config-at.ts'
export type { RequestHeaderAtOptions } from './front-proxy/request-header-at.ts'
export {
  type AcceptedRequest,
  decideRequest,
  type DecideRequestOptions,
  decideRequestShape,
  type RequestDecision,
} from './upgrade/decide-request.ts'
export { type AcceptedUpgrade, handleUpgrades, type UpgradingServer } from './upgrade/upgrade-door.ts'
export { AnswerHeaders, refuseUpgrade } from './upgrade/refuse-upgrade.ts'
export { whenClientLeaves } from './upgrade/refuse-upgrade.ts'
export type { WebhookAuthenticatorAtOptions } from './webhook/webhook-authenticator-at.ts'
export type { AuditWebhookAtOptions } from './webhook/audit-webhook-at.ts'
export type { WebhookAuthorizerAtOptions } from './webhook/webhook-authorizer-at.ts'
