import type { Awaitable } from '@kube-authn/core'
import type { StatusError } from '@kube-authn/core/adapter'
import type { Context, Next } from 'hono'

/** Options of every middleware. */
export interface FailureOptions {
  /**
   * Handles a refused request. What it throws goes to Hono's error handling, so `(error) => { throw error }` leaves the response to `app.onError`,
   * where `error.getResponse()` is the default. Default: responds with a `Status` in JSON.
   */
  readonly onFailure?: (error: StatusError, c: Context, next: Next) => Awaitable<Response | void>
}

/** The response to a refused request: a `Status`. */
export function answer(error: StatusError): Response {
  return error.getResponse()
}
