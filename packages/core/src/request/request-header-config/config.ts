/** The content of the ConfigMap `kube-system/extension-apiserver-authentication`. Lists keep their order. */
export interface RequestHeaderConfig {
  /** The first one with a value is the username (`--requestheader-username-headers`). */
  readonly usernameHeaders: readonly string[]
  /** Since Kubernetes 1.32 (`--requestheader-uid-headers`). */
  readonly uidHeaders: readonly string[]
  readonly groupHeaders: readonly string[]
  /** The rest of the name, after the prefix, is a key in `extra` (`--requestheader-extra-headers-prefix`). */
  readonly extraHeaderPrefixes: readonly string[]
  /** The common names of proxies; to Kubernetes, an empty list means any (`--requestheader-allowed-names`). */
  readonly allowedNames: readonly string[]
  /** The authorities of proxies, in PEM (`--requestheader-client-ca-file`). Without them no proxy is trusted. */
  readonly requestHeaderClientCA?: string
  /** The authorities of ordinary clients, in PEM (`--client-ca-file`). */
  readonly clientCA?: string
}

/** The configuration before the ConfigMap is read. */
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
