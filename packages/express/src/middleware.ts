import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Awaitable, HttpAnswer, StatusError } from '@kube-authn/core'
import { isPromiseLike } from '@kube-authn/core/adapter'

/** Goes on with the next middleware, or with the error middlewares. */
export type Next = (error?: unknown) => void

/** A middleware of Express, Connect, Polka, Restify and whatever else calls them like this. */
export type Middleware<Req extends IncomingMessage = IncomingMessage> = (
  req: Req,
  res: ServerResponse,
  next: Next,
) => void

/** What every middleware here can be told. */
export interface FailureOptions {
  /**
   * Takes over when a request is refused. What it throws goes to Express' error handling, so
   * `(error) => { throw error }` leaves the answer to your error middleware. Default: the answer is a `Status` in JSON.
   */
  readonly onFailure?: (error: StatusError, req: IncomingMessage, res: ServerResponse, next: Next) => unknown
}

/** Refuses a request. */
export type Refuse = (failure: StatusError, req: IncomingMessage, res: ServerResponse, next: Next) => void

/** Refuses requests as the options say. */
export function refuser({ onFailure = answerFailure }: FailureOptions): Refuse {
  return (failure, req, res, next) => {
    // Express 4 takes no notice of a promise, so what goes wrong, now or later, is always told through `next`.
    try {
      const result = onFailure(failure, req, res, next)
      if (result instanceof Promise) result.catch(next)
    } catch (error) {
      next(error)
    }
  }
}

/** Goes on with an outcome, now or later. What goes wrong later is told through `next`, since nobody else would catch it. */
export function proceedWith<T>(outcome: Awaitable<T>, proceed: (outcome: T) => void, next: Next): void {
  if (isPromiseLike(outcome)) void outcome.then(proceed).then(undefined, next)
  else proceed(outcome)
}

function answerFailure(error: StatusError, _req: IncomingMessage, res: ServerResponse): void {
  send(error, res)
}

/** Sends an answer. */
export function send({ status, headers, content }: HttpAnswer, res: ServerResponse): void {
  res.statusCode = status
  for (const name of Object.keys(headers)) res.setHeader(name, headers[name] ?? [])
  res.end(content)
}
