import type { StatusError } from '../authenticator/status.ts'

/**
 * What every framework's request can be reduced to.
 *
 * Make one with `fetchRequest` (Fetch API) or `incomingMessageRequest` (`@kube-authn/core/incoming-message`, for Node).
 */
export interface AuthenticationRequest {
  readonly method: string
  /** As sent: percent-encoded, without the query. */
  readonly path: string
  /** As sent, without the question mark; `''` when there is none. */
  readonly query: string
  /** @throws {StatusError} the {@link refusal}, where there is one. */
  readonly headers: RequestHeaders
  /**
   * The answer to a request of which a part is known to be missing. Whatever decides about requests gives it before anything else.
   */
  readonly refusal?: StatusError | undefined
  /** 1 or 2, where the runtime says so. */
  readonly httpVersionMajor?: number
  /**
   * The address of the peer, which may be a proxy's: `127.0.0.1`, `::1`. `undefined` where it cannot be told. No identity rests on it: it
   * only keeps one peer from using up what is there for all.
   */
  remoteAddress?(): string | undefined
  /**
   * The certificates the peer presented, leaf first, as DER; empty where there are none. The same list for every request on a
   * connection. It throws an `AuthenticationError` where they cannot be told, as when the connection is gone.
   */
  peerCertificates?(): readonly Uint8Array[]
  /** Whether the server asked the peer for a certificate: `false` also without TLS, `undefined` where the runtime does not tell. */
  requestsCertificate?(): boolean | undefined
  /** What Cloudflare says of the client's certificate (`request.cf.tlsClientAuth`), unchecked; `undefined` elsewhere. */
  tlsClientAuth?(): unknown
}

/** The headers of a request. Names are given in lower case; values are text, decoded from UTF-8. */
export interface RequestHeaders {
  /**
   * Whether repeated headers were kept apart. Fetch `Headers` join them with `, `, and nothing can tell afterwards whether
   * `a, b` was one value or two.
   */
  readonly exact: boolean
  /**
   * `false` where a header may have been left out unseen, as Node does it over HTTP/2. Then nothing must be concluded from a header that
   * is not there: impersonation, front proxies, certificates in headers and anonymous requests are refused.
   */
  readonly complete?: boolean
  /** The first value, which may be empty; `undefined` when the header is absent. */
  first(name: string): string | undefined
  /** All values in the order sent. */
  all(name: string): readonly string[]
  /** All headers in the order sent, names in lower case. */
  entries(): Iterable<readonly [name: string, value: string]>
  /** Whether a name begins with this, which is in lower case. Quicker than {@link RequestHeaders.entries}, which serves where it is absent. */
  hasPrefix?(prefix: string): boolean
}
