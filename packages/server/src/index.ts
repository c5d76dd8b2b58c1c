export { kubernetesApi } from './api/api-handler.ts'
export type { KubernetesApi } from './api/kubernetes-api.ts'
export type { KubernetesApiCaller } from './api/object-request.ts'
export { type CredentialObjects, credentialObjects } from './credentials/credential-objects.ts'
export { type StoredBootstrapTokens, storedBootstrapTokens } from './credentials/stored-bootstrap-tokens.ts'
export { type StoredServiceAccounts, storedServiceAccounts } from './credentials/stored-service-accounts.ts'
export { revocations, type StoredRevocations } from './revocations/revocations.ts'
export { storedRbac, type StoredRbac } from './rbac/stored-rbac.ts'
export { writeBootstrapPolicy } from './rbac/write-bootstrap-policy.ts'
export {
  type BootstrapSecretStore,
  type BootstrapTokenCleaner,
  bootstrapTokenCleaner,
} from './controllers/bootstrap-token-cleaner/bootstrap-token-cleaner.ts'
export { signClusterInfo, verifyClusterInfo } from './controllers/cluster-info/signature.ts'
export {
  type BootstrapSecretLister,
  type ClusterInfoSigner,
  clusterInfoSigner,
  type ClusterInfoStore,
  type ConfigMap,
} from './controllers/cluster-info/signer.ts'
export {
  type LegacyTokenCleaner,
  legacyTokenCleaner,
} from './controllers/legacy-token-cleaner/legacy-token-cleaner.ts'
export {
  type TokensController,
  tokensController,
} from './controllers/service-account-tokens/tokens-controller.ts'
export { type ServiceAccountStore, serviceAccountStore } from './controllers/service-account-store.ts'
export type {
  SecretPatch,
  ServiceAccountGetter,
  TokensControllerStore,
  TokenSecretStore,
} from './controllers/stores.ts'
export type { RunningControllers } from './controllers/loop/controller-loop.ts'
export { runControllers } from './controllers/run-controllers.ts'
