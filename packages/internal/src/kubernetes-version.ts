/** A release of Kubernetes whose answers are given. `docs/compatibility.md` lists what differs. */
export type KubernetesVersion = '1.35' | '1.36' | '1.37'

/** The releases, oldest first. Their names can be compared as strings. */
export const KUBERNETES_VERSIONS: readonly KubernetesVersion[] = ['1.35', '1.36', '1.37']

/** The newest release that is compared with a running kube-apiserver. */
export const DEFAULT_KUBERNETES_VERSION: KubernetesVersion = '1.36'

/** The patch releases whose sources were read, as `/version` names them. */
export const GIT_VERSIONS: Readonly<Record<KubernetesVersion, string>> = {
  '1.35': 'v1.35.7',
  '1.36': 'v1.36.2',
  '1.37': 'v1.37.0',
}
