import { DEFAULT_KUBERNETES_VERSION } from '@kube-authn/internal/kubernetes-version'

/**
 * How pflag parses a flag. `slice`: each value is a comma-separated list, and a repeated flag appends to it. `array`: each value is one element.
 * `pairs`: likewise, each `name=value`. `gates`: a comma-separated list of `Name=true` or `Name=false`. `number` is decimal, `wholeNumber` of any base
 * that Go knows. `version`: a version of a review API. `release`: a release of Kubernetes, as `1.36` or `kube=1.36`.
 * More may be added in a minor version; handle the rest.
 */
export type FlagKind =
  | 'array'
  | 'boolean'
  | 'duration'
  | 'gates'
  | 'number'
  | 'pairs'
  | 'release'
  | 'slice'
  | 'string'
  | 'version'
  | 'wholeNumber'

export interface KnownFlag {
  readonly kind: FlagKind
  readonly default: boolean | string | readonly string[]
}

const text: KnownFlag = { kind: 'string', default: '' }
const slice: KnownFlag = { kind: 'slice', default: [] }
const array: KnownFlag = { kind: 'array', default: [] }
const off: KnownFlag = { kind: 'boolean', default: false }
const version: KnownFlag = { kind: 'version', default: 'v1beta1' }
const release: KnownFlag = { kind: 'release', default: DEFAULT_KUBERNETES_VERSION }
const on: KnownFlag = { kind: 'boolean', default: true }
const whole = (defaultValue: string): KnownFlag => ({ kind: 'wholeNumber', default: defaultValue })
const duration = (defaultValue: string): KnownFlag => ({ kind: 'duration', default: defaultValue })

/**
 * The authentication flags, with the defaults of kube-apiserver 1.36.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go`, apiserver `pkg/server/options/authentication.go`; release-1.6 for
 * `basic-auth-file` and `experimental-keystone-*`.
 */
export const AUTHENTICATION_FLAGS: Readonly<Record<string, KnownFlag>> = {
  'anonymous-auth': on,
  'api-audiences': slice,
  'authentication-config': text,
  'authentication-kubeconfig': text,
  'authentication-skip-lookup': off,
  'authentication-token-webhook-cache-ttl': duration('2m0s'),
  'authentication-token-webhook-config-file': text,
  'authentication-token-webhook-version': version,
  'authentication-tolerate-lookup-failure': off,
  'basic-auth-file': text,
  'client-ca-file': text,
  'emulated-version': release,
  'enable-bootstrap-token-auth': off,
  'experimental-keystone-ca-file': text,
  'experimental-keystone-url': text,
  'feature-gates': { kind: 'gates', default: [] },
  'oidc-ca-file': text,
  'oidc-client-id': text,
  'oidc-groups-claim': text,
  'oidc-groups-prefix': text,
  'oidc-issuer-url': text,
  'oidc-required-claim': { kind: 'pairs', default: [] },
  'oidc-signing-algs': { kind: 'slice', default: ['RS256'] },
  'oidc-username-claim': { kind: 'string', default: 'sub' },
  'oidc-username-prefix': text,
  'requestheader-allowed-names': slice,
  'requestheader-client-ca-file': text,
  'requestheader-extra-headers-prefix': slice,
  'requestheader-group-headers': slice,
  'requestheader-uid-headers': slice,
  'requestheader-username-headers': slice,
  'service-account-extend-token-expiration': on,
  'service-account-issuer': array,
  'service-account-jwks-uri': text,
  'service-account-key-file': array,
  'service-account-lookup': on,
  'service-account-max-token-expiration': duration('0s'),
  'service-account-signing-endpoint': text,
  'service-account-signing-key-file': text,
  'tls-private-key-file': text,
  'token-auth-file': text,
  // Not of kube-apiserver.
  'trusted-origins': slice,
}

/**
 * The authorization flags.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authorization.go`, apiserver `pkg/server/options/authorization.go`.
 */
export const AUTHORIZATION_FLAGS: Readonly<Record<string, KnownFlag>> = {
  'authorization-always-allow-paths': { kind: 'slice', default: ['/healthz', '/readyz', '/livez'] },
  'authorization-config': text,
  'authorization-kubeconfig': text,
  'authorization-mode': slice,
  'authorization-webhook-cache-authorized-ttl': duration('5m0s'),
  'authorization-webhook-cache-unauthorized-ttl': duration('30s'),
  'authorization-webhook-config-file': text,
  'authorization-webhook-version': version,
}

/**
 * The audit flags.
 *
 * Source: apiserver `pkg/server/options/audit.go`.
 */
export const AUDIT_FLAGS: Readonly<Record<string, KnownFlag>> = {
  'audit-log-batch-buffer-size': whole('10000'),
  'audit-log-batch-max-size': whole('1'),
  'audit-log-batch-max-wait': duration('0s'),
  'audit-log-batch-throttle-burst': whole('0'),
  'audit-log-batch-throttle-enable': off,
  'audit-log-batch-throttle-qps': { kind: 'number', default: '0' },
  'audit-log-compress': off,
  'audit-log-format': { kind: 'string', default: 'json' },
  'audit-log-maxage': whole('366'),
  'audit-log-maxbackup': whole('100'),
  'audit-log-maxsize': whole('100'),
  'audit-log-mode': { kind: 'string', default: 'blocking' },
  'audit-log-path': text,
  'audit-log-truncate-enabled': off,
  'audit-log-truncate-max-batch-size': whole('10485760'),
  'audit-log-truncate-max-event-size': whole('102400'),
  'audit-log-version': { kind: 'string', default: 'audit.k8s.io/v1' },
  'audit-policy-file': text,
  'audit-webhook-batch-buffer-size': whole('10000'),
  'audit-webhook-batch-max-size': whole('400'),
  'audit-webhook-batch-max-wait': duration('30s'),
  'audit-webhook-batch-throttle-burst': whole('15'),
  'audit-webhook-batch-throttle-enable': on,
  'audit-webhook-batch-throttle-qps': { kind: 'number', default: '10' },
  'audit-webhook-config-file': text,
  'audit-webhook-initial-backoff': duration('10s'),
  'audit-webhook-mode': { kind: 'string', default: 'batch' },
  'audit-webhook-truncate-enabled': off,
  'audit-webhook-truncate-max-batch-size': whole('10485760'),
  'audit-webhook-truncate-max-event-size': whole('102400'),
  'audit-webhook-version': { kind: 'string', default: 'audit.k8s.io/v1' },
  'emulated-version': release,
}

/** Names of flags in other releases. */
export const ALIASES: Readonly<Record<string, string>> = {
  'audit-webhook-batch-initial-backoff': 'audit-webhook-initial-backoff',
  'experimental-bootstrap-token-auth': 'enable-bootstrap-token-auth',
  'service-account-api-audiences': 'api-audiences',
}

/** The name of a flag or a gate for messages. A string that does not look like such a name may be a secret and is not shown. */
export function shownFlag(name: string): string {
  return /^(?=(?:\D*\d){0,3}\D*$)[a-zA-Z\d-]{1,64}$/.test(name) ? name : '?'
}
