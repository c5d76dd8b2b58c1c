import {
  type Authenticator,
  type Clock,
  ConfigurationError,
  notify,
  type Observer,
  systemClock,
} from '@kube-authn/core'
import { parseRequestHeaderConfig } from '@kube-authn/core/request-header-config'
import { believeDescribed, describedProxy, type DescribedProxyOptions, NOBODY } from './described-proxy.ts'
import { endpointFetch } from './http/endpoint-fetch.ts'
import type { HttpFetch } from './http/create-fetch.ts'
import { readKubeconfig } from './kubeconfig/kubeconfig.ts'
import { isOfStrings, isRecord } from './request-header-config/request-header-config-at.ts'

/** Options of {@link requestHeaderFromCluster}. */
export interface RequestHeaderFromClusterOptions extends DescribedProxyOptions {
  /** The context of the kubeconfig. Default: its current one. */
  readonly context?: string
  /** How often the ConfigMap is read. Default 60. */
  readonly pollSeconds?: number
  /** How long reading it may take. Default 10. */
  readonly timeoutSeconds?: number
  /** Told when a new version counts, or is refused. */
  readonly observer?: Observer
  readonly clock?: Clock
}

const PATH = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication'

/**
 * Believes the front proxy that the cluster of a kubeconfig describes in its ConfigMap
 * `kube-system/extension-apiserver-authentication`, and reads that again at intervals. The user of the kubeconfig needs the role
 * `extension-apiserver-authentication-reader`.
 *
 * While there is no such ConfigMap there is no opinion on any request. A version that cannot be used, or a cluster that does not
 * answer, changes nothing once there was a good one.
 *
 * Source: apiserver `pkg/server/options/authentication_dynamic_request_header.go`.
 *
 * Deviation: without allowed names nobody is the proxy (`docs/deviations.md`, request header configuration).
 *
 * @throws {ConfigurationError} as a rejection: when the kubeconfig cannot be used, or the ConfigMap cannot be read at first or not
 *   be used.
 * @example
 * const proxy = await requestHeaderFromCluster('/etc/my-app/kubeconfig')
 * app.use(authentication(createAuthenticator({ requestHeader: proxy })))
 */
export async function requestHeaderFromCluster(
  kubeconfig: string,
  options: RequestHeaderFromClusterOptions = {},
): Promise<Authenticator & { readonly close: () => void }> {
  const { context, observer, clock = systemClock } = options
  const endpoint = readKubeconfig(kubeconfig, context === undefined ? {} : { context })
  const fetch = endpointFetch(endpoint, {
    clock,
    timeoutSeconds: options.timeoutSeconds ?? 10,
    ...(observer !== undefined && { observer }),
  })
  const source = new URL(PATH, endpoint.server).href
  let current = NOBODY
  let version = ''
  let failure = ''
  let cancel = (): void => {}

  const read = async (): Promise<void> => {
    const text = await configMap(fetch, source)
    if (text === undefined || text === version) return
    current = describedProxy(parseRequestHeaderConfig(dataOf(source, text)), options)
    if (version !== '') notify(observer, { type: 'reload', source, outcome: 'loaded' })
    version = text
  }
  const poll = async (): Promise<void> => {
    try {
      await read()
      failure = ''
    } catch (error) {
      // The same trouble is told once.
      if (String(error) !== failure) {
        const cause = error instanceof Error ? error : new Error(String(error))
        notify(observer, { type: 'reload', source, outcome: 'failed', error: cause })
      }
      failure = String(error)
    }
    schedule()
  }
  const schedule = (): void => {
    cancel = clock.after((options.pollSeconds ?? 60) * 1000, () => void poll())
  }

  let isClosed = false
  const close = (): void => {
    isClosed = true
    cancel()
    fetch.close()
  }
  try {
    await read()
  } catch (error) {
    close()
    if (error instanceof ConfigurationError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new ConfigurationError([{ path: kubeconfig, message }], { cause: error })
  }
  if (!isClosed) schedule()
  return { ...believeDescribed(() => current), close }
}

/** The ConfigMap in JSON; `undefined` when there is none. */
async function configMap(fetch: HttpFetch, url: string): Promise<string | undefined> {
  const response = await fetch(url, { method: 'GET', headers: { accept: 'application/json' } })
  if (response.status === 404) return undefined
  if (response.status !== 200) throw new Error(`${url}: answered with ${response.status}`)
  return response.text()
}

function dataOf(source: string, text: string): Readonly<Record<string, string>> {
  const refuse = (): ConfigurationError =>
    new ConfigurationError([{ path: source, message: 'did not answer with a ConfigMap' }])
  let manifest: unknown
  try {
    manifest = JSON.parse(text)
  } catch {
    throw refuse()
  }
  if (!isRecord(manifest) || manifest['kind'] !== 'ConfigMap') throw refuse()
  const data = manifest['data'] ?? {}
  if (!isRecord(data) || !isOfStrings(data)) throw refuse()
  return data
}
