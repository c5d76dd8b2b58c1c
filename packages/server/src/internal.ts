/** What the tests of kube-authn use beyond the public entry. Any release may change it. @module */
export {
  authenticatedFetch,
  type ClientCredential,
  type Connect,
  type CredentialSource,
} from './cli/client/authenticated-fetch.ts'
export { type ExecCluster, pluginSource, type PluginSourceOptions } from './cli/client/exec/plugin-source.ts'
export type { Program, ProgramEnd, RunProgram } from './cli/client/exec/run-program.ts'
export {
  oidcSource,
  type ProviderTokens,
  type RefreshedTokens,
  type TokenStore,
} from './cli/client/oidc/oidc-source.ts'
export { certificateRequestIn } from './certificates/certificate-request.ts'
export { type BuiltInSigner, SignerName, signerProblem } from './certificates/signer-rules.ts'
export { bootstrapTokenController } from './controllers/bootstrap-token-cleaner/bootstrap-token-controller.ts'
export { signedClusterInfo } from './controllers/cluster-info/cluster-info.ts'
export {
  csrApprover,
  type CsrApproverOptions,
  csrSigner,
  type CsrSignerOptions,
} from './controllers/certificates/csr-controllers.ts'
export { csrCleaner, type CsrCleanerOptions } from './controllers/certificates/csr-cleaner.ts'
export type { ObjectController, ObjectKey, Reconciled } from './controllers/object-controller.ts'
export type { KubeObject } from './registry/kube-object.ts'
export { generateName } from './registry/generate-name.ts'
export { registry, type Registry, type RegistryOptions } from './registry/registry.ts'
export { certificateSigningRequests } from './registry/resources/certificates/certificate-signing-requests.ts'
export { secrets } from './registry/resources/secrets.ts'
export { allResources } from './registry/resources/index.ts'
