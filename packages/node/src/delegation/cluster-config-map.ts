import { type Clock, ConfigurationError, type Observer, type Authenticator } from '@kube-authn/core'
import {
  aClock,
  errorOf,
  isConfigurationError,
  isObject,
  systemClock,
  defined,
  aString,
  optionProblems,
  refuseProblems,
  without,
} from '@kube-authn/core/internal'
import {
  aBoolean,
  above,
  aFunction,
  notify,
  type OptionsShape,
  oneOf,
  required,
} from '@kube-authn/core/adapter'
import { parseRequestHeaderConfig, type RequestHeaderConfig } from '@kube-authn/core/client-certificate'
import { type FileSource, reportFailed, RESTRICT } from '../file-source/reloading-source.ts'
import type { HttpFetch } from '../http/create-fetch.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { apiUrl, aKubeconfig, clusterEndpoint } from './cluster-endpoint.ts'
import { closeable, type Closeable } from '../options/closeable.ts'
import {
  believeDescribed,
  describedProxy,
  isOfStrings,
  type DescribedProxyOptions,
  NO_PROXY,
} from '../front-proxy/described-proxy.ts'
import { endpointFetch } from '../http/endpoint-client.ts'

/** Options of {@link clusterConfigMap}. */
export interface ClusterConfigMapOptions {
  /** How often the ConfigMap is read. Default 60. */
  readonly pollSeconds?: number
  /**
   * Start without the ConfigMap if it cannot be read or used at first, and apply it once it can (`--authentication-tolerate-lookup-failure`). Default
   * `false`.
   */
  readonly tolerateLookupFailure?: boolean
  /** Receives an event when a new version takes effect or is refused. */
  readonly observer?: Observer
  readonly clock?: Clock
}

export const clusterConfigMapShape: OptionsShape<ClusterConfigMapOptions> = {
  pollSeconds: above(0),
  tolerateLookupFailure: aBoolean,
  observer: aFunction,
  clock: aClock,
}

const PATH = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication'

export interface ClusterConfigMapUse<T> {
  /** Converts a version; throws to refuse it. */
  readonly make: (config: RequestHeaderConfig) => T
  /** The value until such a ConfigMap exists. */
  readonly nothing: T
  /** The value after the ConfigMap is deleted: no proxy is trusted any more. */
  readonly gone: (last: T) => T
}

/** Usually a deleted ConfigMap is recreated at once, for example by kube-apiserver. */
const SECONDS_WHILE_GONE = 5

/**
 * Reads the ConfigMap `kube-system/extension-apiserver-authentication` of a cluster now, and again at intervals. After a valid version, a version
 * that cannot be read or used changes nothing and is reported once. A deleted ConfigMap is no longer trusted.
 *
 * Source: apiserver `pkg/server/options/authentication_dynamic_request_header.go`,
 * `pkg/authentication/request/headerrequest/requestheader_controller.go`.
 *
 * @throws {ConfigurationError} as a rejection: if it cannot be read or used at first.
 */
export async function clusterConfigMap<T>(
  endpoint: Endpoint,
  fetch: HttpFetch,
  { make, nothing, gone }: ClusterConfigMapUse<T>,
  options: ClusterConfigMapOptions,
): Promise<FileSource<T>> {
  const { observer, clock = systemClock, pollSeconds = 60, tolerateLookupFailure = false } = options
  const source = apiUrl(endpoint, PATH)
  let current = nothing
  let version: string | undefined
  let isGone = false
  let failure = ''
  let isClosed = false
  let cancel = (): void => {}
  const restrictions = new Set<(value: T) => void>()

  const read = async (): Promise<void> => {
    const text = await configMap(fetch, source)
    if (text === undefined) {
      if (version === undefined) return
      if (!isGone) current = gone(current)
      isGone = true
      throw new Error('the ConfigMap was deleted: no front proxy is trusted')
    }
    if (text === version && !isGone) return
    const next = make(parseRequestHeaderConfig(dataOf(source, text)))
    for (const restriction of restrictions) restriction(next)
    current = next
    if (version !== undefined) notify(observer, { type: 'reload', source, outcome: 'loaded' })
    version = text
    isGone = false
  }
  const report = (error: unknown): void => {
    // Report the same failure once.
    if (String(error) !== failure) reportFailed(observer, source, error, UNUSABLE)
    failure = String(error)
  }
  const poll = async (): Promise<void> => {
    try {
      await read()
      failure = ''
    } catch (error) {
      report(error)
    }
    schedule()
  }
  const schedule = (): void => {
    const seconds = isGone ? Math.min(pollSeconds, SECONDS_WHILE_GONE) : pollSeconds
    if (!isClosed) cancel = clock.after(seconds * 1000, () => void poll())
  }

  try {
    await read()
  } catch (error) {
    if (!tolerateLookupFailure) throw configurationError(source, error)
    report(error)
  }
  schedule()
  const restrict = (check: (value: T) => void): (() => void) => {
    restrictions.add(check)
    return () => restrictions.delete(check)
  }
  return closeable({ current: () => current, [RESTRICT]: restrict }, () => {
    isClosed = true
    cancel()
  })
}

const UNUSABLE = 'the ConfigMap cannot be used'

function configurationError(source: string, error: unknown): ConfigurationError {
  if (isConfigurationError(error)) return error
  const message = reasonOf(errorOf(error, UNUSABLE))
  return new ConfigurationError([{ path: source, message }], { cause: error })
}

/** The ConfigMap in JSON; `undefined` if it does not exist. */
async function configMap(fetch: HttpFetch, url: string): Promise<string | undefined> {
  const response = await fetch(url, { method: 'GET', headers: { accept: 'application/json' } })
  if (response.status === 404) return undefined
  if (response.status !== 200) throw new Error(`answered with HTTP status ${response.status}`)
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
  if (!isObject(manifest) || manifest['kind'] !== 'ConfigMap') throw refuse()
  const data = manifest['data'] ?? {}
  if (!isObject(data) || !isOfStrings(data)) throw refuse()
  return data
}

/** The rejection of `fetch` is generic; its cause has the reason. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}

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
