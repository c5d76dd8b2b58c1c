import { join } from 'node:path'
import { ConfigurationError } from '@kube-authn/core'
import { anything, aString } from '@kube-authn/core/internal'
import { checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import type { Endpoint } from '../http/endpoint.ts'
import { endpointProblems } from '../http/problems.ts'

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
