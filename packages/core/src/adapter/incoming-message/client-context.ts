import { clientOf, type NodeResponse } from './client.ts'
import type { NodeRequest } from './node-request.ts'

/**
 * The context for decisions about a Node request: a `signal` that is aborted if the client disconnects before the response. The
 * signal is created on first access, and shared by all decisions about the request.
 *
 * @param given further members of the context, such as `attributes` for `authorizeRequest` or `user` for `handleReviews`.
 * @example
 * const outcome = await authenticate(incomingMessageRequest(req), clientContext(req, res))
 */
export function clientContext<T extends object = object>(
  message: NodeRequest,
  response: NodeResponse,
  given?: T,
): T & { readonly signal: AbortSignal } {
  const context = new ClientContext(message, response)
  return Object.assign(context, given)
}

class ClientContext {
  readonly #message: NodeRequest
  readonly #response: NodeResponse

  constructor(message: NodeRequest, response: NodeResponse) {
    this.#message = message
    this.#response = response
  }

  get signal(): AbortSignal {
    return clientOf(this.#message, this.#response).signal
  }
}
