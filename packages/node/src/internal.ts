/**
 * What the other packages of kube-authn and their tests use beyond the public entry. Any release may change it.
 *
 * @module
 */
export {
  AUDIT_FLAGS,
  ALIASES as FLAG_ALIASES,
  AUTHENTICATION_FLAGS,
  AUTHORIZATION_FLAGS,
  type FlagKind,
  type KnownFlag,
} from './flags/known-flags.ts'
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
export { isToken } from './http/bearer-token-file.ts'
export { clientCertificatesIn, keyPairProblem, privateKeyIn } from './http/pem.ts'
export {
  endpointConnection,
  type EndpointConnection,
  type EndpointConnectionOptions,
  type EndpointTls,
} from './http/endpoint-connection.ts'
export { type ClientKubeconfig, parseClientKubeconfig } from './kubeconfig/client-kubeconfig.ts'
export { EXEC_VERSIONS, type ExecPlugin } from './kubeconfig/exec-plugin.ts'
export type { OidcProvider } from './kubeconfig/oidc-provider.ts'
export { kubeConfigFileProblem } from './kubeconfig/regular-file.ts'
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
export { AnswerHeaders, refuseUpgrade } from './upgrade/refuse-upgrade.ts'
export { whenClientLeaves } from './upgrade/refuse-upgrade.ts'
