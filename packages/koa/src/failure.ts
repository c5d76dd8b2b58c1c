import type { StatusError } from '@kube-authn/core'
import type { ParameterizedContext } from 'koa'

/** What every middleware here can be told. */
export interface FailureOptions {
  /**
   * Takes over when a request is refused. What it throws goes to Koa's error handling, so `(error) => { throw error }` leaves
   * the answer to your error middleware. Default: the answer is a `Status` in JSON.
   */
  readonly onFailure?: (
    error: StatusError,
    ctx: ParameterizedContext,
    next: () => Promise<unknown>,
  ) => unknown
}

/** Refuses a request with a `Status`. */
export function answer(error: StatusError, ctx: ParameterizedContext): void {
  ctx.status = error.status
  ctx.set(error.headers)
  ctx.body = error.content
}
