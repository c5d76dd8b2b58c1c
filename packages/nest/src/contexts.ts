import type { IncomingMessage } from 'node:http'
import type { Middleware } from '@kube-authn/express'
import type { CanActivate, ExecutionContext } from '@nestjs/common'
import { type FailureOptions, guardOf, passRefusal } from './guard.ts'

/** Options of a guard that read something of a request, as functions of its context. */
export interface ContextOptions<Attributes, User> extends FailureOptions {
  readonly attributes?: (context: ExecutionContext) => Attributes
  readonly user?: (context: ExecutionContext) => User
}

/** The same options, as functions of a request. */
interface RequestOptions<Attributes, User> {
  readonly attributes?: (req: IncomingMessage) => Attributes
  readonly user?: (req: IncomingMessage) => User
  readonly onFailure: typeof passRefusal
}

/** A guard that decides as a middleware does, whose options get Nest's context instead of the request. */
export function contextGuard<Attributes, User>(
  { attributes, user, onFailure }: ContextOptions<Attributes, User>,
  middlewareWith: (options: RequestOptions<Attributes, User>) => Middleware,
): CanActivate {
  const contexts = new Contexts()
  const middleware = middlewareWith({
    ...(attributes !== undefined && { attributes: contexts.of(attributes) }),
    ...(user !== undefined && { user: contexts.of(user) }),
    onFailure: passRefusal,
  })
  const keep = attributes === undefined && user === undefined ? undefined : contexts.keep
  return guardOf(middleware, onFailure === undefined ? {} : { onFailure }, keep)
}

/** The contexts of requests, for options that get one. */
class Contexts {
  readonly #contexts = new WeakMap<IncomingMessage, ExecutionContext>()

  readonly keep = (req: IncomingMessage, context: ExecutionContext): void => {
    this.#contexts.set(req, context)
  }

  /** The same function of a request. */
  of<T>(read: (context: ExecutionContext) => T): (req: IncomingMessage) => T {
    return (req) => {
      const context = this.#contexts.get(req)
      if (context === undefined) throw new Error('the request has no context')
      return read(context)
    }
  }
}
