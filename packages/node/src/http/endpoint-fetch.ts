import { optionProblems, refuseProblems, without } from '@kube-authn/core/internal'
import {
  createFetch,
  type CreateFetchOptions,
  fetchShape,
  type HttpFetch,
  type HttpFetchInit,
} from './create-fetch.ts'
import { type Endpoint, endpointShape } from './endpoint.ts'
import { endpointProblems } from './problems.ts'
import { NO_CREDENTIAL, shownCredential } from './credential.ts'
import { closeable } from '../options/closeable.ts'

/** A `fetch` for one server. */
export interface EndpointFetch extends HttpFetch {
  /** The credentials that it currently sends, in every encoding: to be kept out of logs. */
  readonly secrets: () => readonly string[]
}

/** Options of {@link endpointFetch}: those of `createFetch`. */
export type EndpointFetchOptions = CreateFetchOptions

/**
 * A `fetch` for one server, with its credentials. It calls no other host or port and follows no redirect. An `Authorization` header of the call
 * itself is kept.
 *
 * Source: client-go `rest/transport.go`, `transport/round_trippers.go`.
 *
 * @throws {ConfigurationError} with every problem of the endpoint and the options.
 * @example
 * const endpoint = readKubeconfig('/etc/kube-authn/webhook.kubeconfig')
 * const fetch = endpointFetch(endpoint)
 * const response = await fetch(endpoint.server, { method: 'POST', body: '{}' })
 */
export function endpointFetch(endpoint: Endpoint, options: EndpointFetchOptions = {}): EndpointFetch {
  const found = [...optionProblems(endpointShape, endpoint), ...optionProblems(fetchShape, options)]
  refuseProblems(found.length > 0 ? found : endpointProblems(endpoint, options))
  const { origin, protocol } = new URL(endpoint.server)
  // Plain HTTP would expose it.
  const credential = protocol === 'https:' ? shownCredential(endpoint.credential, options) : NO_CREDENTIAL
  const fetch = createFetch(without(endpoint, 'server', 'credential'), options)

  const call = async (url: string | URL, init: HttpFetchInit = {}): Promise<Response> => {
    if (new URL(url).origin !== origin) throw new TypeError(`the URL must be on ${origin}`)
    const headers = new Headers(init.headers)
    const value = headers.has('authorization') ? undefined : credential.authorization()
    if (value !== undefined) headers.set('authorization', value)
    return fetch(url, { ...init, headers })
  }
  return closeable(Object.assign(call, { secrets: credential.secrets }), fetch.close)
}
