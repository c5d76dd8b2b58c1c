import type { ConnectionOptions, SecureContext } from 'node:tls'
import { aBoolean, type OptionsShape } from '@kube-authn/core/adapter'
import { type AnyShape, defined, optionProblems, refuseProblems, without } from '@kube-authn/core/internal'
import type { ReloadOptions } from '../file-source/reloading-source.ts'
import { reloadShape } from '../options/reload-options.ts'
import {
  createFetch,
  type CreateFetchOptions,
  fetchShape,
  type HttpFetch,
  type HttpFetchInit,
} from './create-fetch.ts'
import { type Endpoint, endpointShape, identityProblem } from './endpoint.ts'
import { endpointProblems, type InsecureOptions } from './problems.ts'
import { secureContextSource } from './pem.ts'
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
  checkEndpoint(endpoint, fetchShape, options)
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

/** @throws {ConfigurationError} with every problem of the endpoint and the options. */
function checkEndpoint(endpoint: Endpoint, shape: AnyShape, options: InsecureOptions): void {
  const found = [...optionProblems(endpointShape, endpoint), ...optionProblems(shape, options)]
  refuseProblems(found.length > 0 ? found : endpointProblems(endpoint, options))
}

/** Options of {@link endpointConnection}; the reload options apply to the files of the endpoint. */
export interface EndpointConnectionOptions extends ReloadOptions, InsecureOptions {}

const connectionShape: OptionsShape<EndpointConnectionOptions> = {
  ...reloadShape,
  allowInsecureHttp: aBoolean,
}

export type EndpointTls = ConnectionOptions & { readonly secureContext: SecureContext }

/** How to connect to the server of an endpoint by other means than `fetch`, such as upgrades and streams in both directions. */
export interface EndpointConnection {
  readonly url: URL
  /** The current value of `Authorization`; `undefined` without TLS. */
  readonly authorization: () => string | undefined
  /** The TLS of the next connection: the same object until a file changes, and `undefined` for `http`. */
  readonly tls: () => EndpointTls | undefined
  readonly close: () => void
}

/** The connection of an endpoint. @throws {ConfigurationError} with every problem of the endpoint and the options. */
export function endpointConnection(
  endpoint: Endpoint,
  options: EndpointConnectionOptions = {},
): EndpointConnection {
  checkEndpoint(endpoint, connectionShape, options)
  const url = new URL(endpoint.server)
  if (url.protocol !== 'https:') {
    return { url, authorization: NO_CREDENTIAL.authorization, tls: () => undefined, close: () => {} }
  }
  const credential = shownCredential(endpoint.credential, options)
  const source = secureContextSource(without(endpoint, 'server', 'credential'), options)
  const { serverName, insecureSkipTlsVerify = false } = endpoint
  let contexts = source.current()
  let tls = tlsOf(contexts.server)

  function tlsOf(secureContext: SecureContext): EndpointTls {
    return {
      secureContext,
      rejectUnauthorized: !insecureSkipTlsVerify,
      checkServerIdentity: identityProblem,
      ALPNProtocols: ['http/1.1'],
      ...defined({ servername: serverName }),
    }
  }
  return {
    url,
    authorization: credential.authorization,
    tls() {
      const now = source.current()
      if (now !== contexts) {
        contexts = now
        tls = tlsOf(now.server)
      }
      return tls
    },
    close: source.close,
  }
}
