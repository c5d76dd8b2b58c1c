/** What the other packages of kube-authn and their tests use beyond the public entry. Any release may change it. @module */
export {
  AUDIT_FLAGS,
  ALIASES as FLAG_ALIASES,
  AUTHENTICATION_FLAGS,
  AUTHORIZATION_FLAGS,
  type FlagKind,
  type KnownFlag,
} from './flags/known-flags.ts'
export { signingKeyAt } from './at/verification-keys-at.ts'
export { KNOWN_GATES } from './flags/feature-gates.ts'
export { addedProblems, type AddProblem } from './flags/flag-problems.ts'
export { type FlagTable, parseFlags } from './flags/parse-flags.ts'
export type { ParsedFlags } from './flags/flag-value.ts'
export {
  type RefusedFlags,
  REFUSED_FOR_AUTHENTICATION,
  REFUSED_FOR_AUTHORIZATION,
} from './flags/parse-flags.ts'
export { shownFlag } from './flags/known-flags.ts'
export { unknownFlag } from './flags/parse-flags.ts'
export { problemsOf } from './options/option-problems.ts'
export { closeable } from './options/closeable.ts'
export { fileSource } from './file-source/file-source.ts'
export type { FileSourceOptions } from './options/reload-options.ts'
export { readSteps } from './file-source/read-file.ts'
export {
  type Manifest,
  manifestFilesAt,
  manifestsSource,
  type ManifestsSourceOptions,
} from './file-source/manifests-source.ts'
export { looksLikeContent } from './file-source/read-file.ts'
export type { FileSource } from './file-source/reloading-source.ts'
export { isToken } from './http/credential.ts'
export { clientCertificatesIn, keyPairProblem, privateKeyIn } from './http/pem.ts'
export {
  endpointConnection,
  type EndpointConnection,
  type EndpointConnectionOptions,
  type EndpointTls,
} from './http/endpoint-client.ts'
export { type ClientKubeconfig, parseClientKubeconfig } from './kubeconfig/client-kubeconfig.ts'
export { EXEC_VERSIONS, type ExecPlugin } from './kubeconfig/client-kubeconfig.ts'
export type { OidcProvider } from './kubeconfig/client-kubeconfig.ts'
export { kubeConfigFileProblem } from './kubeconfig/kubeconfig.ts'
export { serverConnections } from './lifecycle/server-connections.ts'
export { shutdown, type Shutdown, shuttingDown } from './lifecycle/shutdown.ts'
export { keepsHttp2Fields, type VisibleHttp2Fields } from './tls/http2-server-options.ts'
export type { ClientCertificateRequest, TlsServerCredential } from './tls/tls-server-options.ts'
export {
  type AcceptedRequest,
  decideRequest,
  type DecideRequestOptions,
  decideRequestShape,
  type RequestDecision,
} from './upgrade/decide-request.ts'
export { type AcceptedUpgrade, handleUpgrades, type UpgradingServer } from './upgrade/upgrade-door.ts'
export { AnswerHeaders, refuseUpgrade } from './upgrade/upgrade-door.ts'
export { whenClientLeaves } from './upgrade/upgrade-door.ts'
