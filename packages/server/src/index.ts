export { kubernetesApi } from './api/api-handler.ts'
export type { KubernetesApiOptions } from './api/kubernetes-api.ts'
export type { KubernetesApi } from './api/kubernetes-api.ts'
export type { KubernetesApiCaller } from './api/object-request.ts'
export { type CredentialObjects, credentialObjects } from './credentials/credential-objects.ts'
export { type StoredBootstrapTokens, storedBootstrapTokens } from './credentials/stored-bootstrap-tokens.ts'
export { type StoredServiceAccounts, storedServiceAccounts } from './credentials/stored-service-accounts.ts'
export {
  type OpenedStore,
  openStore,
  type OpenStoreOptions,
  type StoredControllersOptions,
  type StoredTokenIssuerOptions,
} from './open-store/open-store.ts'
export { revocations, type RevocationsOptions, type StoredRevocations } from './revocations/revocations.ts'
export { storedRbac, type StoredRbac } from './rbac/stored-rbac.ts'
export type { StoreCacheOptions } from '@kube-authn/store/internal'
export { writeBootstrapPolicy, type WriteBootstrapPolicyOptions } from './rbac/write-bootstrap-policy.ts'
export { signClusterInfo, verifyClusterInfo } from './controllers/cluster-info/signature.ts'
export type { LeaderElectionOptions } from './controllers/leader-election/election-settings.ts'
export type { ControllerErrorSource, RunningControllers } from './controllers/loop/controller-loop.ts'
export { runControllers, type RunControllersOptions } from './controllers/run-controllers.ts'
