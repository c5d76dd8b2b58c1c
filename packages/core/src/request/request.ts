import type { StatusError } from '../authenticator/status.ts'

/**
 * A request, independent of any framework.
 *
 * Make one with `fetchRequest` (Fetch API) or `incomingMessageRequest` (`@kube-authn/core/adapter`, for Node).
 */
export interface AuthenticationRequest {
  readonly method: string
  /** As sent: percent-encoded, without the query. */
  readonly path: string
  /** As sent, without the question mark; `''` if there is none. */
  readonly query: string
  /** @throws {StatusError} the {@link refusal}, if there is one. */
  readonly headers: RequestHeaders
  /** The response to a request of which a part is known to be missing. Handlers must return it before they do anything else. */
  readonly refusal?: StatusError | undefined
  /** 1 or 2, if the runtime provides it. */
  readonly httpVersionMajor?: number
  /** The address of the peer, which may be a proxy: `127.0.0.1`, `::1`. `undefined` if unknown. It is never used to identify a user, only to keep one peer from exhausting shared limits. */
  remoteAddress?(): string | undefined
  /** The host that the client asked for, with its port, if another than the header `Host` says. It is compared with `Origin`, and for nothing else. */
  host?(): string | undefined
  /**
   * The address of the client for logs: the one that the framework reports, such as `req.ip` of Express, which trusts proxies if it is
   * configured to. Default: the address of the peer. It is text from the client if a proxy is trusted that does not check it.
   */
  clientAddress?(): string | undefined
  /**
   * The certificates the peer presented, leaf first, as DER; empty if there are none. The same list for every request on a
   * connection. Throws an `AuthenticationError` if they are unknown, for example after the connection closed.
   */
  peerCertificates?(): readonly Uint8Array[]
  /** Whether the server requested a certificate from the peer: `false` without TLS, `undefined` if unknown. */
  requestsCertificate?(): boolean | undefined
  /** Cloudflare's description of the client certificate (`request.cf.tlsClientAuth`), unchecked; `undefined` elsewhere. */
  tlsClientAuth?(): unknown
}

/** The headers of a request. Names are in lower case; values are decoded from UTF-8. */
export interface RequestHeaders {
  /** Whether repeated headers are kept separate. Fetch `Headers` join them with `, `, after which `a, b` may have been one value or two. */
  readonly exact: boolean
  /**
   * `false` if a header may have been lost silently, as in Node over HTTP/2. The absence of a header must then not be relied on:
   * impersonation, front proxies, certificates in headers and anonymous requests are refused.
   */
  readonly complete?: boolean
  /** The first value, which may be empty; `undefined` if the header is absent. */
  first(name: string): string | undefined
  /** All values in the order sent. */
  all(name: string): readonly string[]
  /** All headers in the order sent, names in lower case. */
  entries(): Iterable<readonly [name: string, value: string]>
  /** Whether a name starts with the lower-case prefix. */
  hasPrefix(prefix: string): boolean
}
