import type { KnownFlag } from '@kube-authn/node/internal'

const text = (byDefault = ''): KnownFlag => ({ kind: 'string', default: byDefault })
const number = (byDefault: number): KnownFlag => ({ kind: 'wholeNumber', default: String(byDefault) })
const duration = (byDefault: string): KnownFlag => ({ kind: 'duration', default: byDefault })
const off: KnownFlag = { kind: 'boolean', default: false }

/** The flags without which nothing could be kept: of this command only. */
export const OWN_FLAGS: Readonly<Record<string, KnownFlag>> = {
  'data-dir': text('kube-authn-data'),
  'forward-auth': off,
  'forward-auth-authorize': off,
  'forward-auth-extra-keys': { kind: 'slice', default: [] },
  'forward-auth-login-url': text(),
  'forward-auth-max-numbered-groups': number(0),
  'forward-auth-original': text('x-forwarded'),
  'in-memory': off,
  output: text('text'),
  store: text(),
  strict: off,
}

/**
 * The flags of serving, with the defaults of kube-apiserver and kube-controller-manager 1.36, except the addresses.
 *
 * Deviation: the address is loopback by default (`docs/deviations.md`, bind address).
 *
 * Source: apiserver `pkg/server/options`, kubernetes `cmd/kube-apiserver/app/options`, `cmd/kube-controller-manager/app/options`; release-1.6 for
 * `insecure-*`.
 */
export const SERVING_FLAGS: Readonly<Record<string, KnownFlag>> = {
  'advertise-address': text(),
  'bind-address': text('127.0.0.1'),
  'cert-dir': text(),
  'cluster-signing-cert-file': text(),
  'cluster-signing-duration': duration('8760h0m0s'),
  'cluster-signing-key-file': text(),
  controllers: { kind: 'slice', default: ['*'] },
  'disable-http2-serving': { kind: 'boolean', default: true },
  'external-hostname': text(),
  'http2-max-streams-per-connection': number(0),
  'insecure-bind-address': text('127.0.0.1'),
  'insecure-port': number(0),
  'leader-elect': { kind: 'boolean', default: true },
  'leader-elect-lease-duration': duration('15s'),
  'leader-elect-renew-deadline': duration('10s'),
  'leader-elect-resource-name': text('kube-authn-controllers'),
  'leader-elect-resource-namespace': text('kube-system'),
  'leader-elect-retry-period': duration('2s'),
  'max-mutating-requests-inflight': number(200),
  'max-requests-inflight': number(400),
  'request-timeout': duration('1m0s'),
  'root-ca-file': text(),
  'secure-port': number(6443),
  'service-account-private-key-file': text(),
  'shutdown-delay-duration': duration('0s'),
  'tls-cert-file': text(),
  'tls-cipher-suites': { kind: 'slice', default: [] },
  'tls-min-version': text('VersionTLS12'),
  'tls-sni-cert-key': { kind: 'array', default: [] },
}

/** Names of flags in other releases. */
export const SERVING_ALIASES: Readonly<Record<string, string>> = {
  address: 'insecure-bind-address',
  'experimental-cluster-signing-duration': 'cluster-signing-duration',
  port: 'insecure-port',
  'public-address-override': 'bind-address',
}
