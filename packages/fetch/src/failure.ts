import type { Awaitable } from '@kube-authn/core'
import type { StatusError } from '@kube-authn/core/adapter'

/** Options of every wrapper. */
export interface FailureOptions<Req extends Request, Rest extends readonly unknown[]> {
  /**
   * Responds to a refused request; what it throws goes to the caller of the handler. To let the request continue without a user, call another handler.
   * Default: responds with a `Status` in JSON.
   */
  readonly onFailure?: (error: StatusError, request: Req, ...rest: Rest) => Awaitable<Response>
}

/** The response to a refused request: a `Status`. */
export function answer(error: StatusError): Response {
  return error.getResponse()
}
