/**
 * Kubernetes API-server authentication on Node: the parts that need files, processes and TLS.
 *
 * @module
 */
export { authenticationConfigurationAt } from './authentication-configuration-at.ts'
export { type AuditFile, auditFile } from './audit-file/audit-file.ts'
export { auditPolicyAt } from './audit-policy-at.ts'
export { authorizationConfigurationAt } from './authorization-configuration-at.ts'
export { certificateAuthoritiesAt } from './certificate-authorities-at.ts'
export type { CreateAuthenticatorOptions } from './create-authenticator-options.ts'
export { createAuthenticator, type NodeAuthenticator } from './create-authenticator.ts'
export type { CreateAuthorizerOptions } from './create-authorizer-options.ts'
export { createAuthorizer, type NodeAuthorizer } from './create-authorizer.ts'
export {
  delegatedAuthentication,
  type DelegatedAuthentication,
} from './delegation/delegated-authentication.ts'
export { inClusterEndpoint } from './delegation/in-cluster-endpoint.ts'
export { requestHeaderFromCluster } from './delegation/request-header-from-cluster.ts'
export { auditFromFlags, type NodeAudit } from './flags/audit-from-flags.ts'
export { externalSignerAt } from './external-signer/external-signer-at.ts'
export type { ExternalSigner } from './external-signer/external-signer.ts'
export { authenticatorFromFlags } from './flags/authenticator-from-flags.ts'
export { authorizerFromFlags } from './flags/authorizer-from-flags.ts'
export { createFetch, type HttpFetch } from './http/create-fetch.ts'
export { endpointFetch } from './http/endpoint-fetch.ts'
export type { Endpoint } from './http/endpoint.ts'
export { type KeystoneAt, keystoneAt } from './keystone-at.ts'
export type { KeystoneOptions } from './keystone-chain.ts'
export { parseKubeconfig, readKubeconfig } from './kubeconfig/kubeconfig.ts'
export { passwordFileAt } from './password-file-at.ts'
export { rbacAt } from './rbac-at.ts'
export { type AuthenticatedUpgrade, authenticateUpgrade } from './upgrade/authenticate-upgrade.ts'
export { verificationKeysAt } from './verification-keys-at.ts'
export { tokenFileAt } from './token-file-at.ts'
export { http2ServerOptions } from './tls/http2-server-options.ts'
export { tlsServerOptions } from './tls/tls-server-options.ts'
export { tlsServerOptionsAt } from './tls/tls-server-options-at.ts'
export { requestHeaderConfigAt } from './request-header-config/request-header-config-at.ts'
export { requestHeaderAt } from './request-header-at.ts'
export { webhookAuthenticatorAt } from './webhook/webhook-authenticator-at.ts'
export { auditWebhookAt } from './webhook/audit-webhook-at.ts'
export { webhookAuthorizerAt } from './webhook/webhook-authorizer-at.ts'
