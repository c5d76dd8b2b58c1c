import { exactHeaders } from '../headers/exact.ts'
import type { AuthenticationRequest, RequestHeaders } from '../request/request.ts'
import type { NodeRequest } from './node-request.ts'
import { peerCertificatesOf } from './peer-certificates.ts'
import { receivedTarget } from './received-target.ts'
import { remoteAddressOf } from './remote-address.ts'

/**
 * A request of Node's `http`, `https` or `http2` as an {@link AuthenticationRequest}, with its headers exactly as sent and the
 * certificates its peer presented. Those are read when they are first asked for, and once for each connection.
 *
 * @param target the request target, where a framework rewrote `url`, as Express does with `originalUrl`.
 * @example
 * const outcome = await authenticate(incomingMessageRequest(req))
 */
export function incomingMessageRequest(message: NodeRequest, target?: string): AuthenticationRequest {
  return new IncomingMessageRequest(message, target)
}

class IncomingMessageRequest implements AuthenticationRequest {
  readonly headers: RequestHeaders
  readonly #message: NodeRequest
  readonly #target: string | undefined

  constructor(message: NodeRequest, target: string | undefined) {
    this.#message = message
    this.#target = target
    this.headers = exactHeaders(message.rawHeaders)
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

  get httpVersionMajor(): number {
    return this.#message.httpVersionMajor
  }

  remoteAddress(): string | undefined {
    return remoteAddressOf(this.#message)
  }

  peerCertificates(): readonly Uint8Array[] {
    return peerCertificatesOf(this.#message)
  }
}
