/**
 * Set to `true` on an HTTP/2 request if none of its headers can have been lost silently.
 *
 * nghttp2, which Node uses for HTTP/2, drops fields whose value starts or ends with white space, and Node does not report it.
 * `http2ServerOptions` and `tlsServerOptions` of `@kube-authn/node` configure servers to keep such fields, and set this if the runtime
 * supports that, or if the operator declares that no peer sends such fields.
 *
 * Source: RFC 9113 section 8.2.1; Node `http2` `strictFieldWhitespaceValidation`.
 */
export const COMPLETE_FIELDS: unique symbol = Symbol.for('@kube-authn/completeFields')

/** Whether all headers of an HTTP/2 request that were sent are present, as far as is known. */
export function hasCompleteFields(message: { readonly [COMPLETE_FIELDS]?: boolean }): boolean {
  return message[COMPLETE_FIELDS] === true
}

/** The members of Node's `http.IncomingMessage` and `http2.Http2ServerRequest` that are used. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly rawHeaders: string[]
  readonly headers: Record<string, string | string[] | undefined>
  /** HTTP/1 only. */
  readonly headersDistinct?: Record<string, string[] | undefined>
  readonly httpVersionMajor: number
  /** A TLS socket provides the certificates of its peer. */
  readonly socket?: unknown
  /** HTTP/2 only: leads to the session, whose socket is the connection's. */
  readonly stream?: unknown
  /** HTTP/2 only: no header can have been lost silently. */
  readonly [COMPLETE_FIELDS]?: boolean
}
