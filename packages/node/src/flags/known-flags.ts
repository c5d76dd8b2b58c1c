/**
 * How pflag parses a flag. `slice`: each value is a comma-separated list, and a repeated flag appends to it. `array`: each value is one element.
 * `pairs`: likewise, each `name=value`. `gates`: a comma-separated list of `Name=true` or `Name=false`. `number` is decimal, `wholeNumber` of any base
 * that Go knows. `version`: a version of a review API.
 * More may be added in a minor version; handle the rest.
 */
export type FlagKind =
  | 'array'
  | 'boolean'
  | 'duration'
  | 'gates'
  | 'number'
  | 'pairs'
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
const on: KnownFlag = { kind: 'boolean', default: true }
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

/** The flags of an audit backend: `log` or `webhook`. */
function backendFlags(
  backend: 'log' | 'webhook',
  {
    mode,
    maxSize,
    maxWait,
    throttles,
    qps,
    burst,
  }: Readonly<Record<string, string | boolean>> & {
    readonly throttles: boolean
  },
): Readonly<Record<string, KnownFlag>> {
  const number = (kind: 'number' | 'wholeNumber', value: unknown): KnownFlag => ({
    kind,
    default: String(value),
  })
  return {
    [`audit-${backend}-batch-buffer-size`]: number('wholeNumber', 10_000),
    [`audit-${backend}-batch-max-size`]: number('wholeNumber', maxSize),
    [`audit-${backend}-batch-max-wait`]: duration(String(maxWait)),
    [`audit-${backend}-batch-throttle-burst`]: number('wholeNumber', burst),
    [`audit-${backend}-batch-throttle-enable`]: throttles ? on : off,
    [`audit-${backend}-batch-throttle-qps`]: number('number', qps),
    [`audit-${backend}-mode`]: { kind: 'string', default: String(mode) },
    [`audit-${backend}-truncate-enabled`]: off,
    [`audit-${backend}-truncate-max-batch-size`]: number('wholeNumber', 10_485_760),
    [`audit-${backend}-truncate-max-event-size`]: number('wholeNumber', 102_400),
    [`audit-${backend}-version`]: { kind: 'string', default: 'audit.k8s.io/v1' },
  }
}

/**
 * The audit flags.
 *
 * Source: apiserver `pkg/server/options/audit.go`.
 */
export const AUDIT_FLAGS: Readonly<Record<string, KnownFlag>> = {
  'audit-log-compress': off,
  'audit-log-format': { kind: 'string', default: 'json' },
  'audit-log-maxage': { kind: 'wholeNumber', default: '366' },
  'audit-log-maxbackup': { kind: 'wholeNumber', default: '100' },
  'audit-log-maxsize': { kind: 'wholeNumber', default: '100' },
  'audit-log-path': text,
  'audit-policy-file': text,
  'audit-webhook-config-file': text,
  'audit-webhook-initial-backoff': duration('10s'),
  ...backendFlags('log', {
    mode: 'blocking',
    maxSize: '1',
    maxWait: '0s',
    throttles: false,
    qps: '0',
    burst: '0',
  }),
  ...backendFlags('webhook', {
    mode: 'batch',
    maxSize: '400',
    maxWait: '30s',
    throttles: true,
    qps: '10',
    burst: '15',
  }),
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
