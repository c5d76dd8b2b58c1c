import type { Authentication } from '@kube-authn/core'
import type { AuthenticatedUpgrade } from '@kube-authn/node'
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

/** A proxy, ready to be mounted behind `authentication` and `impersonation`. It answers every request that it gets. */
export interface ImpersonatingProxy {
  /**
   * A handler for Express, Connect, and servers of Node.
   *
   * @param authenticationOf `getAuthentication` of the adapter. What it throws goes to `next`.
   */
  express<Req extends NodeMessage = NodeMessage>(
    authenticationOf: (req: Req) => Authentication,
  ): (req: Req, res: NodeResponse, next?: (error?: unknown) => void) => void
  /**
   * A middleware for Koa. It resolves once the response is over.
   *
   * @param authenticationOf `getAuthentication` of the adapter.
   */
  koa<Ctx = KoaContext>(
    authenticationOf: (ctx: Ctx) => Authentication,
  ): (ctx: Ctx & KoaContext) => Promise<void>
  /**
   * A handler for Hono on `@hono/node-server`. On other runtimes it throws. Headers that middlewares have set before it are sent too; after it, the response is over.
   *
   * @param authenticationOf `getAuthentication` of the adapter.
   */
  hono<C extends HonoContext = HonoContext>(
    authenticationOf: (c: C) => Authentication,
  ): (c: C) => Promise<Response>
  /** Forwards an upgrade: the `accept` of `authenticateUpgrade`. */
  upgrade(this: void, upgrade: AuthenticatedUpgrade): Promise<void>
  /** Closes idle connections to the upstream, and stops reading files. What is in progress goes on. */
  close(this: void): void
}
