import { type WebhookFetch, without } from '@kube-authn/core/internal'
import type { CreateFetchOptions } from '../http/create-fetch.ts'
import { readKubeconfig, type ReadKubeconfigOptions } from '../kubeconfig/kubeconfig.ts'
import { RELOAD_OPTIONS, reloadOf } from '../options/reload-options.ts'
import { type EndpointFetch, endpointFetch } from '../http/endpoint-fetch.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { closeable, type Closeable } from '../options/closeable.ts'

/** How to call a webhook. */
export interface ReachedWebhook {
  readonly url: string
  readonly fetch: WebhookFetch
  readonly redact: () => readonly string[]
}

/**
 * Creates a client of an endpoint's server with `make`. Closing it closes its connections.
 *
 * @throws {ConfigurationError} if the endpoint or an option is invalid; any error of `make`.
 */
export function overEndpoint<T extends object>(
  endpoint: Endpoint,
  options: Omit<CreateFetchOptions, 'allowInsecureHttp'>,
  make: (webhook: ReachedWebhook) => T,
): T & Closeable {
  const { timeoutSeconds, maxBytes } = options
  const fetch: EndpointFetch = endpointFetch(endpoint, {
    ...reloadOf(options),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(maxBytes !== undefined && { maxBytes }),
  })
  try {
    return closeable({ ...make({ url: endpoint.server, fetch, redact: fetch.secrets }) }, fetch.close)
  } catch (error) {
    fetch.close()
    throw error
  }
}

/** Options of a webhook that a kubeconfig names. */
type KubeconfigWebhookOptions = Pick<ReadKubeconfigOptions, 'context' | 'allowMissingUser'> &
  Omit<CreateFetchOptions, 'allowInsecureHttp'>

/** The options that are not those of the webhook itself. */
type OfKubeconfig = 'context' | 'allowMissingUser' | 'observer' | (typeof RELOAD_OPTIONS)[number]

/**
 * {@link overEndpoint} for the server that a kubeconfig names.
 *
 * @param make gets the options of the webhook too.
 * @throws {ConfigurationError} if the kubeconfig, a file it names, or an option is invalid; any error of `make`.
 */
export function overKubeconfig<O extends KubeconfigWebhookOptions, T extends object>(
  path: string,
  options: O,
  make: (webhook: ReachedWebhook, ofWebhook: Omit<O, OfKubeconfig>) => T,
): T & Closeable {
  const { context, allowMissingUser } = options
  const endpoint = readKubeconfig(path, {
    ...(context !== undefined && { context }),
    ...(allowMissingUser !== undefined && { allowMissingUser }),
  })
  const ofWebhook = without(options, 'context', 'allowMissingUser', 'observer', ...RELOAD_OPTIONS)
  return overEndpoint(endpoint, options, (webhook) => make(webhook, ofWebhook))
}
