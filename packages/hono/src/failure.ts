import type { Awaitable, StatusError } from '@kube-authn/core'
import type { Context, Next } from 'hono'

/** What every middleware here can be told. */
export interface FailureOptions {
  /**
   * Takes over when a request is refused. What it throws goes to Hono's error handling, so `(error) => { throw error }` leaves
   * the answer to `app.onError`, where `error.getResponse()` is the default. Default: the answer is a `Status` in JSON.
   */
  readonly onFailure?: (error: StatusError, c: Context, next: Next) => Awaitable<Response | void>
}

/** Refuses a request with a `Status`. */
export function answer(error: StatusError): Response {
  return error.getResponse()
}
