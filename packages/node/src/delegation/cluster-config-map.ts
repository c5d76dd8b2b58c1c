import {
  type Clock,
  ConfigurationError,
  notify,
  type Observer,
  systemClock,
  isConfigurationError,
} from '@kube-authn/core'
import { aBoolean, above, aClock, aFunction, type OptionsShape } from '@kube-authn/core/options'
import { parseRequestHeaderConfig, type RequestHeaderConfig } from '@kube-authn/core/request-header-config'
import { type FileSource, RESTRICT } from '../file-source/reloading-source.ts'
import type { HttpFetch } from '../http/create-fetch.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { isOfStrings, isRecord } from '../request-header-config/request-header-config-at.ts'
import { apiUrl } from './cluster-endpoint.ts'

/** Options of {@link clusterConfigMap}. */
export interface ClusterConfigMapOptions {
  /** How often it is read. Default 60. */
  readonly pollSeconds?: number
  /**
   * Start without it where it cannot be read or used at first, and take it when it can
   * (`--authentication-tolerate-lookup-failure`). Default `false`.
   */
  readonly tolerateLookupFailure?: boolean
  /** Told when a new version counts, or is refused. */
  readonly observer?: Observer
  readonly clock?: Clock
}

/** The checks of {@link ClusterConfigMapOptions}. */
export const clusterConfigMapShape: OptionsShape<ClusterConfigMapOptions> = {
  pollSeconds: above(0),
  tolerateLookupFailure: aBoolean,
  observer: aFunction,
  clock: aClock,
}

const PATH = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication'

/** What becomes of the ConfigMap. */
export interface ClusterConfigMapUse<T> {
  /** What is made of a version; what it throws refuses it. */
  readonly make: (config: RequestHeaderConfig) => T
  /** What counts as long as there was no such ConfigMap. */
  readonly nothing: T
  /** What is left when the ConfigMap is gone: nobody is a proxy any more. */
  readonly gone: (last: T) => T
}

/** Who deletes it makes it anew in no time, as kube-apiserver does. */
const SECONDS_WHILE_GONE = 5

/**
 * Reads the ConfigMap `kube-system/extension-apiserver-authentication` of a cluster now, and again at intervals. What cannot be
 * read or used changes nothing, once there was a good version, and is told once. One that was deleted is no longer believed.
 *
 * Source: apiserver `pkg/server/options/authentication_dynamic_request_header.go`,
 * `pkg/authentication/request/headerrequest/requestheader_controller.go`.
 *
 * @throws {ConfigurationError} as a rejection: when it cannot be read at first, or not be used.
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
      throw new Error('the ConfigMap is gone, and nobody is a proxy')
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
    // The same trouble is told once.
    if (String(error) !== failure)
      notify(observer, { type: 'reload', source, outcome: 'failed', error: asError(error) })
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
    if (!tolerateLookupFailure) {
      if (isConfigurationError(error)) throw error
      throw new ConfigurationError([{ path: source, message: reasonOf(asError(error)) }], { cause: error })
    }
    report(error)
  }
  schedule()
  return {
    current: () => current,
    close() {
      isClosed = true
      cancel()
    },
    [RESTRICT](check) {
      restrictions.add(check)
      return () => restrictions.delete(check)
    },
  }
}

/** The ConfigMap in JSON; `undefined` when there is none. */
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
  if (!isRecord(manifest) || manifest['kind'] !== 'ConfigMap') throw refuse()
  const data = manifest['data'] ?? {}
  if (!isRecord(data) || !isOfStrings(data)) throw refuse()
  return data
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** What `fetch` rejects with says nothing itself. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
