import { ConfigurationError } from '@kube-authn/core'
import { bearerTokenFile } from './bearer-token-file.ts'
import { createFetch, type FetchOptions, type HttpFetch, type HttpFetchInit } from './create-fetch.ts'
import type { Credential, Endpoint } from './endpoint.ts'
import { endpointProblems } from './problems.ts'

/**
 * A `fetch` for one server, with the credentials for it. It calls nothing else: not another host, not another port, and no
 * redirect. An `Authorization` header of the call itself stays as it is.
 *
 * Source: client-go `rest/transport.go`, `transport/round_trippers.go`.
 *
 * @throws {ConfigurationError} with every problem of the endpoint and the options.
 * @example
 * const endpoint = readKubeconfig('/etc/kube-authn/webhook.kubeconfig')
 * const fetch = endpointFetch(endpoint)
 * const response = await fetch(endpoint.server, { method: 'POST', body: '{}' })
 */
export function endpointFetch(endpoint: Endpoint, options: FetchOptions = {}): HttpFetch {
  const problems = endpointProblems(endpoint, options)
  if (problems.length > 0) throw new ConfigurationError(problems)
  const { origin, protocol } = new URL(endpoint.server)
  // Over plain HTTP anybody on the way could read it.
  const authorization =
    protocol === 'https:' ? authorizationOf(endpoint.credential, options) : () => undefined
  const fetch = createFetch(endpoint, options)

  const call = async (url: string | URL, init: HttpFetchInit = {}): Promise<Response> => {
    if (new URL(url).origin !== origin) throw new TypeError(`only ${origin} is called`)
    const headers = new Headers(init.headers)
    const value = headers.has('authorization') ? undefined : authorization()
    if (value !== undefined) headers.set('authorization', value)
    return fetch(url, { ...init, headers })
  }
  return Object.assign(call, { close: fetch.close })
}

function authorizationOf(
  credential: Credential | undefined,
  options: FetchOptions,
): () => string | undefined {
  switch (credential?.type) {
    case 'token': {
      const { token } = credential
      return () => `Bearer ${token}`
    }
    case 'tokenFile': {
      const { path, token } = credential
      const current = bearerTokenFile(path, { ...options, ...(token !== undefined && { token }) })
      return () => `Bearer ${current()}`
    }
    case 'basic': {
      const pair = Buffer.from(`${credential.username}:${credential.password}`, 'utf8').toString('base64')
      return () => `Basic ${pair}`
    }
    default:
      return () => undefined
  }
}
