import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Awaitable } from '@kube-authn/core'
import type { HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import { isPromiseLike } from '@kube-authn/core/internal'

/** Continues with the next middleware or, with an error, the error middlewares. */
export type Next = (error?: unknown) => void

/** A middleware of Express, Connect, Polka, Restify and similar frameworks. */
export type Middleware<Req extends IncomingMessage = IncomingMessage> = (
  req: Req,
  res: ServerResponse,
  next: Next,
) => void

/** Options of every middleware. */
export interface FailureOptions {
  /**
   * Handles a refused request. What it throws goes to Express' error handling, so `(error) => { throw error }` leaves the response to your error
   * middleware. Default: responds with a `Status` in JSON.
   */
  readonly onFailure?: (error: StatusError, req: IncomingMessage, res: ServerResponse, next: Next) => unknown
}

/** Refuses a request. */
export type Refuse = (failure: StatusError, req: IncomingMessage, res: ServerResponse, next: Next) => void

/** Refuses requests according to the options. */
export function refuser({ onFailure }: FailureOptions): Refuse {
  if (onFailure === undefined) return respond
  return (failure, req, res, next) => {
    // Express 4 ignores a returned promise, so every error, now or later, goes to `next`.
    try {
      const result = onFailure(failure, req, res, next)
      if (result instanceof Promise) result.catch(failing(next))
    } catch (error) {
      failing(next)(error)
    }
  }
}

/** Sends a response; what is thrown goes to `next`. */
export function respond(answer: HttpAnswer, _req: IncomingMessage, res: ServerResponse, next: Next): void {
  try {
    send(answer, res)
  } catch (error) {
    failing(next)(error)
  }
}

/** Continues with an outcome, now or later. Later errors go to `next`, since otherwise they would be unhandled. */
export function proceedWith<T>(outcome: Awaitable<T>, proceed: (outcome: T) => void, next: Next): void {
  if (isPromiseLike(outcome)) void outcome.then(proceed).then(undefined, failing(next))
  else proceed(outcome)
}

/** Continues with the next middleware, unless the request is refused. */
export function nextUnless(
  failure: Awaitable<StatusError | undefined>,
  refuse: Refuse,
  req: IncomingMessage,
  res: ServerResponse,
  next: Next,
): void {
  proceedWith(
    failure,
    (found) => {
      if (found === undefined) next()
      else refuse(found, req, res, next)
    },
    next,
  )
}

/** Sends a response. */
export function send({ status, headers, content }: HttpAnswer, res: ServerResponse): void {
  res.statusCode = status
  for (const name of Object.keys(headers)) res.setHeader(name, headers[name] ?? [])
  res.end(content)
}

/** Express continues if an error is nothing, and with another route if it is one of two words. */
function failing(next: Next): (error: unknown) => void {
  return (cause) =>
    next(typeof cause === 'object' && cause ? cause : new Error('onFailure threw no error', { cause }))
}
