import {
  type RefusedFlags,
  REFUSED_FOR_AUTHENTICATION,
  REFUSED_FOR_AUTHORIZATION,
} from '@kube-authn/node/internal'

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
  emulated-version emulation-forward-compatible enable-admission-plugins enable-aggregator-routing
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
