import type { NodeRequest } from './node-request.ts'

/**
 * Set to `true` on a request of HTTP/2, it says that no header can have been left out of it unseen.
 *
 * nghttp2, which Node's HTTP/2 is made of, leaves out a field with white space at an end of its value, and Node does not report it.
 * `http2ServerOptions` and `tlsServerOptions` of `@kube-authn/node` make servers whose requests have such fields, and sets this where the
 * runtime can do that, or where the operator says that no peer sends such fields.
 *
 * Source: RFC 9113 section 8.2.1; Node `http2` `strictFieldWhitespaceValidation`.
 */
export const COMPLETE_FIELDS: unique symbol = Symbol.for('@kube-authn/completeFields')

/** Whether all headers that were sent are there, as far as this can be known. */
export function hasCompleteFields(message: NodeRequest): boolean {
  return message.httpVersionMajor < 2 || message[COMPLETE_FIELDS] === true
}
