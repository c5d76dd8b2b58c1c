import { without } from '@kube-authn/core/internal'
import { type Endpoint, endpointFetch, type HttpFetch, type HttpFetchInit } from '@kube-authn/node'
import { closeable } from '@kube-authn/node/internal'
import { Failure } from '../failure.ts'

/** What a client proves its user by: either, or both. */
export interface ClientCredential {
  readonly token?: string
  readonly certificate?: ClientCertificate
}

/** A client certificate and its key, in PEM. */
export interface ClientCertificate {
  readonly cert: string
  readonly key: string
}

/** Credentials that change while a client runs: of a plug-in, or of an OpenID Connect provider. */
export interface CredentialSource {
  /**
   * The credential for the next request; fetched first if there is none, or it has expired. Callers at the same time share the work.
   *
   * @throws {Failure} if there is none.
   */
  current(): Promise<ClientCredential>
  /** Tells that the server answered a request with this credential by a 401. It does not reject. */
  refused(used: ClientCredential): Promise<void>
}

export type Connect = (endpoint: Endpoint) => HttpFetch

/**
 * A `fetch` for one server, with the credentials of its endpoint and of a source. An `Authorization` header of the call itself is kept, and the source is not
 * asked then, nor for a server without TLS. After a 401 the source is told; the 401 is returned. When the client certificate changes, new connections are made.
 *
 * Source: client-go `plugin/pkg/client/auth/exec/exec.go`, `plugin/pkg/client/auth/oidc/oidc.go`.
 *
 * @throws {ConfigurationError} if the endpoint is invalid. A call rejects with a {@link Failure} if the source has no credential.
 */
export function authenticatedFetch(
  endpoint: Endpoint,
  source: CredentialSource | undefined,
  connect: Connect = endpointFetch,
): HttpFetch {
  const plain = connect(endpoint)
  let certified: { readonly certificate: ClientCertificate; readonly fetch: HttpFetch } | undefined
  let isClosed = false

  const fetchWith = (certificate: ClientCertificate | undefined): HttpFetch => {
    if (certificate === undefined || isClosed) return plain
    if (certified !== undefined && isSame(certified.certificate, certificate)) return certified.fetch
    const fetch = connect({ ...without(endpoint, 'certFile', 'keyFile'), ...certificate })
    certified?.fetch.close()
    certified = { certificate, fetch }
    return fetch
  }

  const call = async (url: string | URL, init: HttpFetchInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    const isAnswered = headers.has('authorization') || new URL(url).protocol !== 'https:'
    if (source === undefined || isAnswered) return plain(url, init)
    const used = await credentialOf(source)
    if (used.token !== undefined) headers.set('authorization', `Bearer ${used.token}`)
    const response = await fetchWith(used.certificate)(url, { ...init, headers })
    if (response.status === 401) await source.refused(used)
    return response
  }
  return closeable(call, () => {
    isClosed = true
    plain.close()
    certified?.fetch.close()
  })
}

/** Source: client-go `plugin/pkg/client/auth/exec/exec.go` (RoundTrip), of the message. */
async function credentialOf(source: CredentialSource): Promise<ClientCredential> {
  try {
    return await source.current()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure(`getting credentials: ${error.message}`, { cause: error })
  }
}

function isSame(one: ClientCertificate, other: ClientCertificate): boolean {
  return one.cert === other.cert && one.key === other.key
}
