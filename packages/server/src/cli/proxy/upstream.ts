import type { Awaitable } from '@kube-authn/core'
import { type Endpoint, inClusterEndpoint } from '@kube-authn/node'
import type { ClientCredential } from '../client/credential-source.ts'
import { kubeconfigSource } from '../client/kubeconfig-client.ts'
import { Failure } from '../failure.ts'
import type { UpstreamSettings } from './settings.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** The cluster, and the credentials for it. */
export interface OpenedUpstream {
  readonly endpoint: Endpoint
  /** The token of a plug-in, instead of the credential of the endpoint. */
  readonly credentials?: (refused?: string) => Awaitable<string>
  readonly close: () => void
}

/**
 * Finds the cluster.
 *
 * @throws {Failure | ConfigurationError} if a file cannot be used.
 */
export async function openUpstream(terminal: Terminal, settings: UpstreamSettings): Promise<OpenedUpstream> {
  const { where, context } = settings
  if (where === 'in-cluster') return { endpoint: inClusterEndpoint(), close: () => {} }
  if (/^https?:\/\//i.test(where)) return { endpoint: endpointOf(settings), close: () => {} }
  const { endpoint, source, close } = await kubeconfigSource(terminal, where, context)
  if (source === undefined) return { endpoint, close }
  let used: ClientCredential = {}
  return {
    endpoint,
    close,
    async credentials(refused) {
      if (refused !== undefined && refused === used.token) await source.refused(used)
      used = await source.current()
      const { token } = used
      if (token === undefined) throw new Failure('--upstream: the plug-in of the kubeconfig gives no token')
      return token
    },
  }
}

function endpointOf({ where, caFile, tokenFile, certFile, keyFile }: UpstreamSettings): Endpoint {
  return {
    server: where,
    ...(caFile !== undefined && { caFile }),
    ...(certFile !== undefined && { certFile }),
    ...(keyFile !== undefined && { keyFile }),
    ...(tokenFile !== undefined && { credential: { type: 'tokenFile', path: tokenFile } }),
  }
}
