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
