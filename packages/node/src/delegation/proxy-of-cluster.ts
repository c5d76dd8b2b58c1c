import type { Authenticator } from '@kube-authn/core'
import { systemClock, optionProblems, refuseProblems, without, aString } from '@kube-authn/core/internal'
import { above, oneOf, type OptionsShape, required } from '@kube-authn/core/adapter'
import { believeDescribed, describedProxy, NO_PROXY } from '../front-proxy/described-proxy.ts'
import { endpointFetch } from '../http/endpoint-fetch.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { clusterConfigMap, clusterConfigMapShape } from './cluster-config-map.ts'
import { aKubeconfig, clusterEndpoint } from './cluster-endpoint.ts'
import type { RequestHeaderFromClusterOptions } from './request-header-from-cluster.ts'

const shape: OptionsShape<RequestHeaderFromClusterOptions> = {
  ...without(clusterConfigMapShape, 'tolerateLookupFailure'),
  joinedHeaders: oneOf('reject', 'split', 'whole'),
  context: aString,
  timeoutSeconds: above(0, 86_400),
}

/** {@link requestHeaderFromCluster}, loaded when it is first called. */
export async function proxyOfCluster(
  kubeconfig: string | Endpoint,
  options: RequestHeaderFromClusterOptions,
): Promise<Authenticator & { readonly close: () => void }> {
  refuseProblems(required(aKubeconfig)(kubeconfig, 'kubeconfig'), optionProblems(shape, options))
  const { context, observer, clock = systemClock, timeoutSeconds = 10 } = options
  const endpoint = clusterEndpoint({ kubeconfig, ...(context !== undefined && { context }) })
  const fetch = endpointFetch(endpoint, {
    clock,
    timeoutSeconds,
    ...(observer !== undefined && { observer }),
  })
  try {
    const source = await clusterConfigMap(
      endpoint,
      fetch,
      { make: (config) => describedProxy(config, options), nothing: NO_PROXY, gone: () => NO_PROXY },
      options,
    )
    const close = (): void => {
      source.close()
      fetch.close()
    }
    return { ...believeDescribed(source), close }
  } catch (error) {
    fetch.close()
    throw error
  }
}
