import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Awaitable } from '@kube-authn/core'
import type { StatusError } from '@kube-authn/core/adapter'
import type { Middleware } from '@kube-authn/express'
import { type CanActivate, type ExecutionContext, HttpException } from '@nestjs/common'
import { messagesOf } from './messages.ts'
import { isPublic } from './public.ts'

/** Options of every guard. */
export interface FailureOptions {
  /**
   * Handles a refused request: returns `true` to continue without a user, or throws an exception. Default: throws an `HttpException` with a `Status`,
   * whose `cause` is the error.
   */
  readonly onFailure?: (error: StatusError, context: ExecutionContext) => Awaitable<boolean>
}

/** A refusal on its way through the middleware. */
class Refusal {
  readonly failure: StatusError

  constructor(failure: StatusError) {
    this.failure = failure
  }
}

/** What middlewares do with a refusal, so that {@link guardOf} gets it. */
export function passRefusal(
  failure: StatusError,
  _req: IncomingMessage,
  _res: ServerResponse,
  next: (error?: unknown) => void,
): void {
  next(new Refusal(failure))
}

/** A guard that decides as a middleware of Express does, which needs Node's messages only. */
export function guardOf(
  middleware: Middleware,
  { onFailure }: FailureOptions,
  before: (req: IncomingMessage, context: ExecutionContext) => void = () => undefined,
): CanActivate {
  return {
    async canActivate(context: ExecutionContext): Promise<boolean> {
      if (isPublic(context)) return true
      const { shown, req, res } = messagesOf(context)
      before(req, context)
      const failure = await failureOf(middleware, req, res)
      // Fastify's request is another object.
      if (shown !== req) Object.assign(shown, { user: 'user' in req ? req.user : undefined })
      if (failure === undefined) return true
      if (onFailure !== undefined) return onFailure(failure, context)
      throw exceptionOf(failure, res)
    },
  }
}

function failureOf(
  middleware: Middleware,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<StatusError | undefined> {
  return new Promise((resolve, reject) => {
    middleware(req, res, (error) => {
      if (error === undefined) resolve(undefined)
      else if (error instanceof Refusal) resolve(error.failure)
      else reject(error instanceof Error ? error : new Error('the decision failed', { cause: error }))
    })
  })
}

/** The exception of a refusal. Nest's exceptions have no headers, so these are set on the response. */
function exceptionOf(failure: StatusError, res: ServerResponse): HttpException {
  for (const [name, value] of Object.entries(failure.headers)) {
    if (name !== 'content-type') res.setHeader(name, value)
  }
  return new HttpException({ ...failure.body }, failure.status, { cause: failure })
}
