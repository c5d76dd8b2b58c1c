import { aBoolean, type OptionsShape } from '@kube-authn/core/adapter'
import { anything, aString, type Check, either } from '@kube-authn/core/internal'
import { aPath } from '../options/file-option.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { readKubeconfig } from '../kubeconfig/kubeconfig.ts'
import { inClusterEndpoint } from './in-cluster-endpoint.ts'

/** Selects the cluster. */
export interface ClusterOptions {
  /** The path of a kubeconfig, or an endpoint. Default: the cluster that this pod runs in. */
  readonly kubeconfig?: string | Endpoint
  /** The context of the kubeconfig. Default: its current one. */
  readonly context?: string
  /**
   * Work without a cluster if there is neither a kubeconfig nor a pod. Tokens are then ignored, and only `system:masters` and the always-allowed
   * paths are authorized. Default `false`.
   */
  readonly optional?: boolean
}

/** The check of a kubeconfig: a path, or an endpoint, which `endpointFetch` validates. */
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
 * The endpoint of the cluster's API.
 *
 * @throws {ConfigurationError} if the kubeconfig cannot be used, or there is neither a kubeconfig nor a cluster.
 */
export function clusterEndpoint({ kubeconfig, context }: Omit<ClusterOptions, 'optional'>): Endpoint {
  if (kubeconfig === undefined) return inClusterEndpoint()
  if (typeof kubeconfig !== 'string') return kubeconfig
  return readKubeconfig(kubeconfig, context === undefined ? {} : { context })
}

/**
 * Like {@link clusterEndpoint}; `undefined` if there is no cluster and it is optional.
 *
 * Source: apiserver `pkg/server/options/authentication.go` getClient.
 */
export function optionalClusterEndpoint({ optional, ...options }: ClusterOptions): Endpoint | undefined {
  const isPod = (process.env['KUBERNETES_SERVICE_HOST'] ?? '') !== ''
  const isNowhere = options.kubeconfig === undefined && !isPod
  return isNowhere && optional === true ? undefined : clusterEndpoint(options)
}

/** The URL of an API path on a server whose URL may have a path itself. */
export function apiUrl(endpoint: Endpoint, path: string): string {
  const url = new URL(endpoint.server)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`
  url.search = ''
  return url.href
}
