import { aBoolean, anything, aString, type Check, either, type OptionsShape } from '@kube-authn/core/options'
import { aPath } from '../options/a-path.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { readKubeconfig } from '../kubeconfig/kubeconfig.ts'
import { inClusterEndpoint } from './in-cluster-endpoint.ts'

/** Which cluster. */
export interface ClusterOptions {
  /** The path of a kubeconfig, or an endpoint. Default: the cluster that this process is a pod of. */
  readonly kubeconfig?: string | Endpoint
  /** The context of the kubeconfig. Default: its current one. */
  readonly context?: string
  /**
   * Go without a cluster where there is neither a kubeconfig nor a pod. Nobody is asked about tokens then, and they are ignored; only masters
   * and paths that everybody may see are allowed. Default `false`.
   */
  readonly optional?: boolean
}

/** The check of a kubeconfig: its path, or an endpoint, of which `endpointFetch` says what is wrong. */
export const aKubeconfig: Check = either(
  (value) => typeof value === 'object' && value !== null,
  anything,
  aPath,
)

/** The checks of {@link ClusterOptions}. */
export const clusterShape: OptionsShape<ClusterOptions> = {
  kubeconfig: aKubeconfig,
  context: aString,
  optional: aBoolean,
}

/**
 * How the API of the cluster is reached.
 *
 * @throws {ConfigurationError} when the kubeconfig cannot be used, or there is neither one nor a cluster.
 */
export function clusterEndpoint({ kubeconfig, context }: Omit<ClusterOptions, 'optional'>): Endpoint {
  if (kubeconfig === undefined) return inClusterEndpoint()
  if (typeof kubeconfig !== 'string') return kubeconfig
  return readKubeconfig(kubeconfig, context === undefined ? {} : { context })
}

/**
 * The same; `undefined` where there is no cluster, and it is optional.
 *
 * Source: apiserver `pkg/server/options/authentication.go` getClient.
 */
export function optionalClusterEndpoint({ optional, ...options }: ClusterOptions): Endpoint | undefined {
  const isPod = (process.env['KUBERNETES_SERVICE_HOST'] ?? '') !== ''
  const isNowhere = options.kubeconfig === undefined && !isPod
  return isNowhere && optional === true ? undefined : clusterEndpoint(options)
}

/** A path of the API of a server, which may be below a path itself. */
export function apiUrl(endpoint: Endpoint, path: string): string {
  const url = new URL(endpoint.server)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`
  url.search = ''
  return url.href
}
