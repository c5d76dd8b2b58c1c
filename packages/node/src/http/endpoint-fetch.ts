import { aString, must, optionProblems, refuseProblems, without } from '@kube-authn/core/internal'
import { type OptionsShape, required } from '@kube-authn/core/adapter'
import { bearerTokenFile } from './bearer-token-file.ts'
import {
  createFetch,
  type FetchOptions,
  fetchShape,
  type HttpFetch,
  type HttpFetchInit,
  transportShape,
} from './create-fetch.ts'
import type { Credential, Endpoint } from './endpoint.ts'
import { reloadOf } from '../options/reload-shape.ts'
import { endpointProblems } from './problems.ts'

/** A `fetch` for one server. */
export interface EndpointFetch extends HttpFetch {
  /** The credentials that it currently sends, in every encoding: to be kept out of logs. */
  readonly secrets: () => readonly string[]
}

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
export function endpointFetch(endpoint: Endpoint, options: FetchOptions = {}): EndpointFetch {
  const found = [...optionProblems(endpointShape, endpoint), ...optionProblems(fetchShape, options)]
  refuseProblems(found.length > 0 ? found : endpointProblems(endpoint, options))
  const { origin, protocol } = new URL(endpoint.server)
  // Plain HTTP would expose it.
  const credential = protocol === 'https:' ? shown(endpoint.credential, options) : NOTHING
  const fetch = createFetch(without(endpoint, 'server', 'credential'), options)

  const call = async (url: string | URL, init: HttpFetchInit = {}): Promise<Response> => {
    if (new URL(url).origin !== origin) throw new TypeError(`the URL must be on ${origin}`)
    const headers = new Headers(init.headers)
    const value = headers.has('authorization') ? undefined : credential.authorization()
    if (value !== undefined) headers.set('authorization', value)
    return fetch(url, { ...init, headers })
  }
  return Object.assign(call, { close: fetch.close, secrets: credential.secrets })
}

const CREDENTIAL_TYPES: ReadonlySet<unknown> = new Set(['token', 'tokenFile', 'basic'])

/** The checks of an {@link Endpoint}. */
const endpointShape: OptionsShape<Endpoint> = {
  ...transportShape,
  server: required(aString),
  credential: must(
    "must be a credential of type 'token', 'tokenFile' or 'basic'",
    (value) =>
      typeof value === 'object' && value !== null && 'type' in value && CREDENTIAL_TYPES.has(value.type),
  ),
}

/** The current credential. */
interface ShownCredential {
  readonly authorization: () => string | undefined
  readonly secrets: () => readonly string[]
}

const NOTHING: ShownCredential = { authorization: () => undefined, secrets: () => [] }

function shown(credential: Credential | undefined, options: FetchOptions): ShownCredential {
  switch (credential?.type) {
    case 'token':
      return shownToken(() => credential.token)
    case 'tokenFile': {
      const { path, token } = credential
      return shownToken(
        bearerTokenFile(path, {
          ...reloadOf(options),
          ...(token !== undefined && { token }),
        }),
      )
    }
    case 'basic': {
      const { username, password } = credential
      const pair = Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
      return { authorization: () => `Basic ${pair}`, secrets: () => [pair, password] }
    }
    default:
      return NOTHING
  }
}

function shownToken(current: () => string): ShownCredential {
  return { authorization: () => `Bearer ${current()}`, secrets: () => [current()] }
}
