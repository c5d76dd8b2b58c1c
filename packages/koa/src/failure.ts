import type { HttpAnswer, StatusError } from '@kube-authn/core'
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

/** Sends an answer; to refuse a request, with a `Status`. */
export function answer({ status, headers, content }: HttpAnswer, ctx: ParameterizedContext): void {
  ctx.status = status
  ctx.set(headers)
  ctx.body = content
}
