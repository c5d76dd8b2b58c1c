/**
 * What the tests of kube-authn use beyond the public entry. Any release may change it.
 *
 * @module
 */
export { authenticatedFetch, type Connect } from './cli/client/authenticated-fetch.ts'
export type { ClientCredential, CredentialSource } from './cli/client/credential-source.ts'
export type { ExecCluster } from './cli/client/exec/exec-info.ts'
export { pluginSource, type PluginSourceOptions } from './cli/client/exec/plugin-source.ts'
export type { Program, ProgramEnd, RunProgram } from './cli/client/exec/run-program.ts'
export { oidcSource, type ProviderTokens, type TokenStore } from './cli/client/oidc/oidc-source.ts'
export type { RefreshedTokens } from './cli/client/oidc/refresh.ts'
