import type { Awaitable } from '@kube-authn/core'
import type { HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import { isPromiseLike } from '@kube-authn/core/internal'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Continues with the next hook or, with an error, with the error handler. */
export type Next = (error?: Error) => void

/** Options of every hook. */
export interface FailureOptions {
  /**
   * Handles a refused request: sends a response, throws, or calls `next` to continue without a user. What it throws goes to Fastify's error handling,
   * so `(error) => { throw error }` leaves the response to your error handler. Default: responds with a `Status` in JSON.
   */
  readonly onFailure?: (
    error: StatusError,
    request: FastifyRequest,
    reply: FastifyReply,
    next: Next,
  ) => unknown
}

/** Refuses a request. */
export type Refuse = (failure: StatusError, request: FastifyRequest, reply: FastifyReply, next: Next) => void

/** Refuses requests according to the options. */
export function refuser({
  onFailure = (error, _request, reply) => send(error, reply),
}: FailureOptions): Refuse {
  return (failure, request, reply, next) => {
    const fail = (error: unknown): void => next(asError(error))
    try {
      const result = onFailure(failure, request, reply, next)
      if (result instanceof Promise) result.catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}

/** Continues with an outcome, now or later. Errors go to `next`. */
export function proceedWith<T>(outcome: Awaitable<T>, proceed: (outcome: T) => void, next: Next): void {
  const fail = (error: unknown): void => next(asError(error))
  if (isPromiseLike(outcome)) void outcome.then(proceed).then(undefined, fail)
  else proceed(outcome)
}

/** Continues with the next hook, unless the request is refused. */
export function nextUnless(
  failure: Awaitable<StatusError | undefined>,
  refuse: Refuse,
  request: FastifyRequest,
  reply: FastifyReply,
  next: Next,
): void {
  proceedWith(
    failure,
    (found) => {
      if (found === undefined) next()
      else refuse(found, request, reply, next)
    },
    next,
  )
}

/** Sends a response, through Fastify's hooks. */
export function send({ status, headers, content }: HttpAnswer, reply: FastifyReply): void {
  // As bytes, since Fastify would encode a string as JSON once more.
  void reply.code(status).headers(headers).send(Buffer.from(content))
}

/** Fastify continues with the next hook if an error is nothing. */
function asError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new Error('an option of the app threw something that is not an error', { cause: error })
}
