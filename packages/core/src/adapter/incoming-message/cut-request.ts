import type { AuthenticationRequest } from '../../request/request.ts'
import { StatusError } from '../../authenticator/status.ts'
import type { NodeRequest } from './node-request.ts'
import { receivedTarget } from './received-target.ts'
import { remoteAddressOf, reportedAddressOf } from './remote-address.ts'

/**
 * A request of which Node dropped headers. The remaining headers are not accessible: without `Impersonate-*` headers, for example, the
 * wrong user would be authenticated.
 *
 * Source: RFC 6585 section 5; Node responds the same way to headers that are too large.
 */
export class CutRequest implements AuthenticationRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly httpVersionMajor: number
  readonly refusal: StatusError = new StatusError({
    status: 431,
    reason: 'RequestHeaderFieldsTooLarge',
    message: 'The request has more header fields than this server reads',
  })

  readonly #message: NodeRequest
  readonly #shown: object

  constructor(message: NodeRequest, target: string | undefined, shown: object) {
    this.#message = message
    this.#shown = shown
    this.method = message.method ?? 'GET'
    this.httpVersionMajor = message.httpVersionMajor
    const { path, query } = receivedTarget(target ?? message.url ?? '/')
    this.path = path
    this.query = query
  }

  remoteAddress(): string | undefined {
    return remoteAddressOf(this.#message)
  }

  clientAddress(): string | undefined {
    return reportedAddressOf(this.#shown) ?? remoteAddressOf(this.#message)
  }

  get headers(): never {
    throw this.refusal
  }
}
