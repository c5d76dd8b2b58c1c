import type { IncomingMessage } from 'node:http'
import type { ExecutionContext } from '@nestjs/common'

/** The contexts of requests, for options that get one. */
export class Contexts {
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
