import { join } from 'node:path'
import { ConfigurationError } from '@kube-authn/core'
import { anything, aString, type Check, either } from '@kube-authn/core/internal'
import { checkOptions, type OptionsShape, aBoolean } from '@kube-authn/core/adapter'
import type { Endpoint } from '../http/endpoint.ts'
import { endpointProblems } from '../http/problems.ts'
import { aPath } from '../options/file-option.ts'
import { readKubeconfig } from '../kubeconfig/kubeconfig.ts'

/** Options of {@link inClusterEndpoint}. */
export interface InClusterEndpointOptions {
  /** The environment with `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`. Default: that of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Where `token` and `ca.crt` are mounted. Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly folder?: string
}

const shape: OptionsShape<InClusterEndpointOptions> = { environment: anything, folder: aString }

/**
 * The Kubernetes API as a pod sees it: its URL, the CA of its certificate, and the token of the pod's service account, which is reloaded about once a
 * minute.
 *
 * Source: client-go `rest/config.go` InClusterConfig.
 *
 * Deviation: a missing CA is an error (`docs/deviations.md`, in a cluster).
 *
 * @throws {ConfigurationError} if this is not a pod, or a file cannot be used.
 * @example
 * const endpoint = inClusterEndpoint()
 * const fetch = endpointFetch(endpoint)
 */
export function inClusterEndpoint(options: InClusterEndpointOptions = {}): Endpoint {
  checkOptions(shape, options)
  const { environment = process.env, folder = '/var/run/secrets/kubernetes.io/serviceaccount' } = options
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? ''
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? ''
  if (host === '' || port === '') {
    const message =
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined'
    throw new ConfigurationError([{ path: 'environment', message }])
  }
  const endpoint: Endpoint = {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    caFile: join(folder, 'ca.crt'),
    credential: { type: 'tokenFile', path: join(folder, 'token') },
  }
  const problems = endpointProblems(endpoint, {})
  if (problems.length > 0) throw new ConfigurationError(problems)
  return endpoint
}

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

export const clusterShape: OptionsShape<ClusterOptions> = {
  kubeconfig: aKubeconfig,
  context: aString,
  optional: aBoolean,
}

/** The endpoint of the cluster's API. @throws {ConfigurationError} if the kubeconfig cannot be used, or there is neither a kubeconfig nor a cluster. */
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
