import { clientOf, type NodeResponse } from './client.ts'
import type { NodeRequest } from './node-request.ts'

/**
 * What goes with a question about a request of Node's: a `signal` that is aborted when its client goes away before the answer. The
 * signal is made when it is first read, and the same one then for all questions about the request.
 *
 * @param given what else goes with the question, as `attributes` for `authorizeRequest` or `user` for `handleReviews`.
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
