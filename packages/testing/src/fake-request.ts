import type { AuthenticationRequest } from '@kube-authn/core'
import { checkOptions, fetchRequest, listOf, type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'
import { anIterable, aString, exactHeaders } from '@kube-authn/core/internal'

/** Options of {@link fakeRequest}. All are optional. */
export interface FakeRequestInit {
  /** Default `GET`. */
  readonly method?: string
  /** A path with its query, or a whole URL. Default `/`. */
  readonly url?: string
  /** Name and value, in the order sent; repeated headers are not joined. Values are strings. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** Default 1. */
  readonly httpVersionMajor?: number
  /** As DER, leaf first: the `chainDer` of an issued credential. Default: none. */
  readonly peerCertificates?: readonly Uint8Array[]
}

const shape: OptionsShape<FakeRequestInit> = {
  method: aString,
  url: aString,
  headers: listOf(anIterable),
  httpVersionMajor: wholeNumber(1),
  peerCertificates: listOf(anIterable),
}

/**
 * A request as an authenticator sees it.
 *
 * @example
 * const request = fakeRequest({ url: '/healthz?verbose', headers: [['Authorization', 'Bearer secret']] })
 */
export function fakeRequest(init: FakeRequestInit = {}): AuthenticationRequest {
  checkOptions(shape, init)
  const { method = 'GET', url = '/', headers = [], httpVersionMajor = 1, peerCertificates = [] } = init
  return fetchRequest(
    { method, url, headers: new Headers() },
    {
      headers: exactHeaders(headers.flat(), (value) => value),
      httpVersionMajor,
      peerCertificates: () => peerCertificates,
    },
  )
}
