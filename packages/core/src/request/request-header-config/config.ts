/** What the ConfigMap `kube-system/extension-apiserver-authentication` says. Lists keep their order. */
export interface RequestHeaderConfig {
  /** The first that has a value names the user (`--requestheader-username-headers`). */
  readonly usernameHeaders: readonly string[]
  /** Since Kubernetes 1.32 (`--requestheader-uid-headers`). */
  readonly uidHeaders: readonly string[]
  readonly groupHeaders: readonly string[]
  /** What is behind the prefix is the key of an extra (`--requestheader-extra-headers-prefix`). */
  readonly extraHeaderPrefixes: readonly string[]
  /** The common names of proxies; for Kubernetes, none means any (`--requestheader-allowed-names`). */
  readonly allowedNames: readonly string[]
  /** The authorities of proxies, in PEM (`--requestheader-client-ca-file`). Without them nobody is a proxy. */
  readonly requestHeaderClientCA?: string
  /** The authorities of ordinary clients, in PEM (`--client-ca-file`). */
  readonly clientCA?: string
}

/** What counts before anything was read: nothing. */
export const NO_REQUEST_HEADER_CONFIG: RequestHeaderConfig = Object.freeze({
  usernameHeaders: Object.freeze([]),
  uidHeaders: Object.freeze([]),
  groupHeaders: Object.freeze([]),
  extraHeaderPrefixes: Object.freeze([]),
  allowedNames: Object.freeze([]),
})

/** The `data` of the ConfigMap. */
export type RequestHeaderConfigData = Readonly<Record<string, string>>

type BundleName = 'requestHeaderClientCA' | 'clientCA'
type ListName = Exclude<keyof RequestHeaderConfig, BundleName>

/** The keys of the lists, each of which is a JSON array of strings. */
export const LIST_KEYS: Readonly<Record<ListName, string>> = {
  usernameHeaders: 'requestheader-username-headers',
  uidHeaders: 'requestheader-uid-headers',
  groupHeaders: 'requestheader-group-headers',
  extraHeaderPrefixes: 'requestheader-extra-headers-prefix',
  allowedNames: 'requestheader-allowed-names',
}

/** The keys of the bundles, each of which is PEM. */
export const BUNDLE_KEYS: Readonly<Record<BundleName, string>> = {
  requestHeaderClientCA: 'requestheader-client-ca-file',
  clientCA: 'client-ca-file',
}
