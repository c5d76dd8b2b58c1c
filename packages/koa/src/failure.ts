import type { HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import type { ParameterizedContext } from 'koa'

/** Options of every middleware. */
export interface FailureOptions {
  /**
   * Handles a refused request. What it throws goes to Koa's error handling, so `(error) => { throw error }` leaves the response to your error
   * middleware. Default: responds with a `Status` in JSON.
   */
  readonly onFailure?: (
    error: StatusError,
    ctx: ParameterizedContext,
    next: () => Promise<unknown>,
  ) => unknown
}

/** Sends a response; a refusal is a `Status`. */
export function answer({ status, headers, content }: HttpAnswer, ctx: ParameterizedContext): void {
  ctx.status = status
  ctx.set(headers)
  ctx.body = content
}
