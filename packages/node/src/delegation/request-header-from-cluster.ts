import type { Authenticator } from '@kube-authn/core'
import type { DescribedProxyOptions } from '../front-proxy/described-proxy.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { asGiven } from '../options/as-given.ts'
import type { ClusterConfigMapOptions } from './cluster-config-map.ts'

/** Options of {@link requestHeaderFromCluster}. */
export interface RequestHeaderFromClusterOptions
  extends DescribedProxyOptions, Omit<ClusterConfigMapOptions, 'tolerateLookupFailure'> {
  /** The context of the kubeconfig. Default: its current one. */
  readonly context?: string
  /** The timeout of reading the ConfigMap. Default 10. */
  readonly timeoutSeconds?: number
}

/**
 * Trusts the front proxy that a cluster describes in its ConfigMap `kube-system/extension-apiserver-authentication`, and reads it again at intervals.
 * The user of the kubeconfig needs the role `extension-apiserver-authentication-reader`.
 *
 * While the ConfigMap does not exist, or after it is deleted, the authenticator has no opinion. After a valid version, an invalid version or an
 * unreachable cluster changes nothing.
 *
 * Source: apiserver `pkg/server/options/authentication_dynamic_request_header.go`.
 *
 * Deviation: without allowed names no proxy is trusted (`docs/deviations.md`, request header configuration).
 *
 * @param kubeconfig the path of a kubeconfig, or an endpoint such as from `inClusterEndpoint()`.
 * @throws {ConfigurationError} as a rejection: if the kubeconfig cannot be used, or the ConfigMap cannot be read or used at first.
 * @example
 * const proxy = await requestHeaderFromCluster('/etc/my-app/kubeconfig')
 * app.use(authentication(createAuthenticator({ requestHeader: proxy })))
 */
export async function requestHeaderFromCluster(
  kubeconfig: string | Endpoint,
  options: RequestHeaderFromClusterOptions = {},
): Promise<Authenticator & { readonly close: () => void }> {
  const given = asGiven(options)
  const { proxyOfCluster } = await import('./by-cluster.ts')
  return proxyOfCluster(kubeconfig, given)
}
