import { ExactHeaders, type HeadersView } from '../../request/headers/exact.ts'
import type { AuthenticationRequest, RequestHeaders } from '../../request/request.ts'
import { isCut } from './cut-headers.ts'
import { CutRequest } from './cut-request.ts'
import { hasCompleteFields } from './complete-fields.ts'
import type { NodeRequest } from './node-request.ts'
import { peerCertificatesOf, requestsCertificateOf } from './peer-certificates.ts'
import { receivedTarget } from './received-target.ts'
import { remoteAddressOf } from './remote-address.ts'

/**
 * A request of Node's `http`, `https` or `http2` as an {@link AuthenticationRequest}, with its headers exactly as sent and the
 * certificates its peer presented. The certificates are read on first access, once for each connection.
 *
 * - A header that an application deleted from `headers` is ignored; the others have the values that were sent.
 * - A request of which Node dropped headers is a 431: all handlers, such as `authenticateRequest`, refuse it, and reading `headers` throws.
 *
 * @param target the request target, if a framework rewrote `url`, such as `originalUrl` of Express.
 * @param view another object from which an application may delete headers, besides the `headers` of the message.
 * @example
 * const outcome = await authenticate(incomingMessageRequest(req))
 */
export function incomingMessageRequest(
  message: NodeRequest,
  target?: string,
  view?: HeadersView,
): AuthenticationRequest {
  return isCut(message) ? new CutRequest(message, target) : new IncomingMessageRequest(message, target, view)
}

class IncomingMessageRequest implements AuthenticationRequest {
  readonly headers: RequestHeaders
  readonly httpVersionMajor: number
  readonly #message: NodeRequest
  readonly #target: string | undefined

  constructor(message: NodeRequest, target: string | undefined, view: HeadersView | undefined) {
    this.#message = message
    this.#target = target
    this.httpVersionMajor = message.httpVersionMajor
    const isComplete = message.httpVersionMajor < 2 || hasCompleteFields(message)
    // The message itself is where the application sees its headers. Node makes them on first access, which happens in its own servers anyway.
    this.headers = new ExactHeaders(message.rawHeaders, undefined, isComplete, message, view)
  }

  get method(): string {
    return this.#message.method ?? 'GET'
  }

  get path(): string {
    return receivedTarget(this.#target ?? this.#message.url ?? '/').path
  }

  get query(): string {
    return receivedTarget(this.#target ?? this.#message.url ?? '/').query
  }

  remoteAddress(): string | undefined {
    return remoteAddressOf(this.#message)
  }

  peerCertificates(): readonly Uint8Array[] {
    return peerCertificatesOf(this.#message)
  }

  requestsCertificate(): boolean | undefined {
    return requestsCertificateOf(this.#message)
  }
}
