import type { ConfigurationProblem } from '@kube-authn/core'
import { nearestName } from '@kube-authn/core/internal'
import {
  AUDIT_FLAGS,
  AUTHENTICATION_FLAGS,
  AUTHORIZATION_FLAGS,
  FLAG_ALIASES,
  type FlagTable,
  type KnownFlag,
  type ParsedFlags,
  shownFlag,
  type RefusedFlags,
  REFUSED_FOR_AUTHENTICATION,
  REFUSED_FOR_AUTHORIZATION,
} from '@kube-authn/node/internal'

/** The kinds of flags, with their defaults. */
export const text = (byDefault = ''): KnownFlag => ({ kind: 'string', default: byDefault })
export const list = (...byDefault: readonly string[]): KnownFlag => ({ kind: 'slice', default: byDefault })
export const number = (byDefault: number): KnownFlag => ({ kind: 'wholeNumber', default: String(byDefault) })
export const duration = (byDefault: string): KnownFlag => ({ kind: 'duration', default: byDefault })
export const off: KnownFlag = { kind: 'boolean', default: false }
const on: KnownFlag = { kind: 'boolean', default: true }

/** How a server shuts down. Source: apiserver `pkg/server/options/server_run_options.go`; there, the grace is that of `--request-timeout`. */
export const SHUTDOWN_FLAGS: Readonly<Record<string, KnownFlag>> = {
  'shutdown-delay-duration': duration('0s'),
  'shutdown-grace-duration': duration('1m0s'),
}

/** The flags without which nothing could be kept: of this command only. */
export const OWN_FLAGS: Readonly<Record<string, KnownFlag>> = {
  check: off,
  'clock-skew': duration('10s'),
  'data-dir': text('kube-authn-data'),
  'forward-auth': off,
  'forward-auth-authorize': off,
  'forward-auth-extra-keys': list(),
  'forward-auth-login-url': text(),
  'forward-auth-max-numbered-groups': number(0),
  'forward-auth-original': text('x-forwarded'),
  'in-memory': off,
  'max-objects-per-namespace': number(50_000),
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
  controllers: list('*'),
  'disable-http2-serving': on,
  'external-hostname': text(),
  'http2-max-streams-per-connection': number(0),
  'insecure-bind-address': text('127.0.0.1'),
  'insecure-port': number(0),
  'leader-elect': on,
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
  ...SHUTDOWN_FLAGS,
  'tls-cert-file': text(),
  'tls-cipher-suites': list(),
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

const EXTENSION = 'is a flag of extension API servers: this server has its own objects, and asks no cluster'
const NO_ENCRYPTION =
  'is not supported: the store would not be encrypted; omit it, and put --data-dir on an encrypted file system'

/**
 * Flags that promise a protection, or a source of users or rights, which there would not be. A server that started without it would be less than its
 * operator believes.
 */
export const REFUSED_FLAGS: RefusedFlags = {
  ...REFUSED_FOR_AUTHENTICATION,
  ...REFUSED_FOR_AUTHORIZATION,
  'admission-control-config-file': 'is not supported: there are no admission plug-ins to configure',
  'authentication-kubeconfig': EXTENSION,
  'authentication-skip-lookup': EXTENSION,
  'authentication-tolerate-lookup-failure': EXTENSION,
  'authorization-kubeconfig': EXTENSION,
  'egress-selector-config-file':
    'is not supported: connections of this server would not go through the proxy',
  'encryption-provider-config': NO_ENCRYPTION,
  'experimental-encryption-provider-config': NO_ENCRYPTION,
}

/**
 * Flags of parts that are not here, without which no request is less protected. Each is a whole name, or the beginning of names.
 *
 * Deviation: they have an effect in Kubernetes (`docs/deviations.md`, flags of other parts).
 */
const WITHOUT_EFFECT: readonly string[] = `
  admission-control aggregator-reject-forwarding-redirect allocate-node-cidrs allow-metric-labels*
  allow-privileged apiserver-count cloud-config cloud-provider* cluster-cidr cluster-name
  contention-profiling coordinated-leadership-* cors-allowed-origins debug-socket-path
  default-not-ready-toleration-seconds default-unreachable-toleration-seconds default-watch-cache-size
  delete-collection-workers deserialization-cache-size disable-admission-plugins disabled-metrics
  emulation-forward-compatible enable-admission-plugins enable-aggregator-routing
  enable-garbage-collector enable-logs-handler enable-priority-and-fairness enable-swagger-ui
  encryption-provider-config-automatic-reload endpoint-reconciler-type etcd-* event-ttl goaway-chance
  identity-lease-* kubelet-* kubernetes-service-node-port leader-elect-resource-lock
  lease-reuse-duration-seconds livez-grace-period log-* logging-format logtostderr
  max-connection-bytes-per-sec min-compatibility-version min-request-timeout node-cidr-mask-size* peer-*
  permit-address-sharing permit-port-sharing profiling proxy-client-cert-file proxy-client-key-file
  repair-malformed-updates runtime-config* service-cluster-ip-range service-node-port-range
  show-hidden-metrics-for-version shutdown-send-retry-after shutdown-watch-termination-grace-period
  ssh-keyfile ssh-user storage-backend storage-initialization-timeout storage-media-type storage-versions
  strict-transport-security-directives target-ram-mb tracing-config-file use-service-account-credentials v
  vmodule watch-cache*
`
  .trim()
  .split(/\s+/)

/** Whether a flag of kube-apiserver or kube-controller-manager may be given, and does nothing here. */
export function isWithoutEffect(name: string): boolean {
  return WITHOUT_EFFECT.some((each) =>
    each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each,
  )
}

/** Every flag that has an effect. */
const FLAGS: ReadonlyMap<string, KnownFlag> = new Map(
  Object.entries({
    ...AUTHENTICATION_FLAGS,
    ...AUTHORIZATION_FLAGS,
    ...AUDIT_FLAGS,
    ...SERVING_FLAGS,
    ...OWN_FLAGS,
  }).filter(([name]) => !Object.hasOwn(REFUSED_FLAGS, name)),
)

const ALIASES: Readonly<Record<string, string>> = { ...FLAG_ALIASES, ...SERVING_ALIASES }

/** The flags of `kube-authn serve`. Unlike in `authenticatorFromFlags`, every flag that is not known is a mistake. */
export const SERVE_TABLE: FlagTable = {
  flags: FLAGS,
  aliases: ALIASES,
  unknown(dashes, name) {
    const isIgnored = dashes === '--' ? isWithoutEffect(name) : /^v\d*$/.test(name)
    return isIgnored
      ? undefined
      : unknownFlag('serve', [...FLAGS.keys(), ...Object.keys(ALIASES)], dashes, name)
  },
}

/** The problem of a flag that a command does not have. Its value may be a secret, and is not shown. @param known the names of all flags of the command. */
export function unknownFlag(
  command: string,
  known: readonly string[],
  dashes: '-' | '--',
  name: string,
): ConfigurationProblem {
  const nearest = nearestName(name, known)
  const advice =
    nearest === undefined
      ? `; kube-authn ${command} --help has the known ones`
      : `, did you mean --${nearest}?`
  return {
    path: `${dashes}${shownFlag(name)}`,
    message: dashes === '-' ? `flags start with two dashes${advice}` : `unknown flag${advice}`,
  }
}

/** The given flags of a table, as they were given. @param except flags of the table that the command itself reads. */
export function givenFlags(
  { given }: ParsedFlags,
  table: Readonly<Record<string, unknown>>,
  except: ReadonlySet<string> = new Set(),
): readonly string[] {
  return [...given]
    .filter(([name]) => Object.hasOwn(table, name) && !except.has(name))
    .flatMap(([name, values]) => values.map((value) => `--${name}=${value}`))
}
