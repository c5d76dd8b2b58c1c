import type { Authenticator } from '@kube-authn/core'
import {
  defined,
  aString,
  optionProblems,
  refuseProblems,
  systemClock,
  without,
} from '@kube-authn/core/internal'
import { above, oneOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import {
  believeDescribed,
  describedProxy,
  type DescribedProxyOptions,
  NO_PROXY,
} from '../front-proxy/described-proxy.ts'
import { endpointFetch } from '../http/endpoint-client.ts'
import type { Endpoint } from '../http/endpoint.ts'
import {
  clusterConfigMap,
  type ClusterConfigMapOptions,
  clusterConfigMapShape,
} from './cluster-config-map.ts'
import { aKubeconfig, clusterEndpoint } from './cluster-endpoint.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

/** Options of {@link requestHeaderFromCluster}. */
export interface RequestHeaderFromClusterOptions
  extends DescribedProxyOptions, Omit<ClusterConfigMapOptions, 'tolerateLookupFailure'> {
  /** The context of the kubeconfig. Default: its current one. */
  readonly context?: string
  /** The timeout of reading the ConfigMap. Default 10. */
  readonly timeoutSeconds?: number
}

const shape: OptionsShape<RequestHeaderFromClusterOptions> = {
  ...without(clusterConfigMapShape, 'tolerateLookupFailure'),
  joinedHeaders: oneOf('reject', 'split', 'whole'),
  context: aString,
  timeoutSeconds: above(0, 86_400),
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
): Promise<Authenticator & Closeable> {
  refuseProblems(required(aKubeconfig)(kubeconfig, 'kubeconfig'), optionProblems(shape, options))
  const { context, observer, clock = systemClock, timeoutSeconds = 10, joinedHeaders } = options
  const proxyOptions = { clock, ...defined({ joinedHeaders }) }
  const endpoint = clusterEndpoint({ kubeconfig, ...defined({ context }) })
  const fetch = endpointFetch(endpoint, {
    clock,
    timeoutSeconds,
    ...defined({ observer }),
  })
  try {
    const source = await clusterConfigMap(
      endpoint,
      fetch,
      { make: (config) => describedProxy(config, proxyOptions), nothing: NO_PROXY, gone: () => NO_PROXY },
      options,
    )
    const close = (): void => {
      source.close()
      fetch.close()
    }
    return closeable(believeDescribed(source), close)
  } catch (error) {
    fetch.close()
    throw error
  }
}
