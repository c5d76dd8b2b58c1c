import type { WebhookFetch } from '@kube-authn/core/internal'
import type { FetchOptions } from '../http/create-fetch.ts'
import { reloadOf } from '../options/reload-shape.ts'
import { type EndpointFetch, endpointFetch } from '../http/endpoint-fetch.ts'
import type { Endpoint } from '../http/endpoint.ts'

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
  options: Omit<FetchOptions, 'allowInsecureHttp'>,
  make: (webhook: ReachedWebhook) => T,
): T & { readonly close: () => void } {
  const { timeoutSeconds, maxBytes } = options
  const fetch: EndpointFetch = endpointFetch(endpoint, {
    ...reloadOf(options),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(maxBytes !== undefined && { maxBytes }),
  })
  try {
    return { ...make({ url: endpoint.server, fetch, redact: fetch.secrets }), close: fetch.close }
  } catch (error) {
    fetch.close()
    throw error
  }
}
