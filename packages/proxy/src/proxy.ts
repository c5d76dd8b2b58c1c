import type { UpgradingServer } from '@kube-authn/node/internal'
import type { NodeMessage, NodeResponse } from './node-types.ts'

/** What is used of a context of Koa. */
export interface KoaContext {
  readonly req: NodeMessage
  readonly res: NodeResponse
  respond?: boolean | undefined
}

/** What is used of a context of Hono: `env` has the request and the response of Node, and `res` the headers that middlewares have set. */
export interface HonoContext {
  readonly env: unknown
  readonly res: { readonly headers: Headers }
}

/**
 * A proxy, ready to be mounted. It authenticates, authorizes and answers every request that it gets, and every upgrade of the servers that it is attached to,
 * by the same options. Mount it before `authentication` and body parsers.
 */
export interface ImpersonatingProxy {
  /** A handler for Express, Connect, and servers of Node. */
  express(this: void): (req: NodeMessage, res: NodeResponse) => void
  /** A middleware for Koa. It resolves once the response is over. */
  koa(this: void): (ctx: KoaContext) => Promise<void>
  /**
   * A handler for Hono on `@hono/node-server`. On other runtimes it throws. Headers that middlewares have set before it are sent too; after it, the response is over.
   */
  hono(this: void): (c: HonoContext) => Promise<Response>
  /**
   * Handles the upgrades of a server, which Node hands past all middlewares: those below `prefix`, or all without it. Without another listener, the others are a 404.
   *
   * @returns a function that stops listening.
   */
  attach(this: void, server: UpgradingServer): () => void
  /** Closes idle connections to the upstream, and stops reading files. What is in progress goes on. */
  close(this: void): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](this: void): Promise<void>
}
