import type { UpgradingServer } from '@kube-authn/node/internal'
import type { NodeMessage, NodeResponse } from './node-types.ts'
import { knownRequest, memberOf } from '@kube-authn/core/internal'
import type { ServedRequest } from './serve-request.ts'

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

/** Serves a request. Resolves once the response is over, and never rejects. */
export type Serve = (request: ServedRequest) => Promise<void>

/** How frameworks hand requests over. */
export function adapters(serve: Serve): Pick<ImpersonatingProxy, 'express' | 'koa' | 'hono'> {
  return {
    express() {
      return function proxyHandler(message, response) {
        void serve({ message, response, shown: message, isDecided: knownRequest(message) !== undefined })
      }
    },
    koa() {
      return async function proxyMiddleware(ctx: KoaContext): Promise<void> {
        const { req: message, res: response } = ctx
        ctx.respond = false
        await serve({ message, response, shown: ctx, isDecided: knownRequest(message) !== undefined })
      }
    },
    hono() {
      return async function proxyHandler(c: HonoContext): Promise<Response> {
        const message = memberOf(c.env, 'incoming')
        const response = memberOf(c.env, 'outgoing')
        if (!isMessage(message) || !isResponse(response)) throw new TypeError(NO_NODE_SERVER)
        copyHeaders(c.res.headers, response)
        await serve({ message, response, shown: message, isDecided: knownRequest(c) !== undefined })
        return alreadySent()
      }
    },
  }
}

/**
 * What tells `@hono/node-server` that the response is over. Its own `Response`, which it puts in the place of the global one, is sent without a look at its headers until its body was
 * asked for; so is every copy that Hono makes for a header of a middleware, also one of `RESPONSE_ALREADY_SENT`.
 */
function alreadySent(): Response {
  const response = new Response(null, { headers: { 'x-hono-already-sent': 'true' } })
  return response.body === null ? response : new Response(null, response)
}

const NO_NODE_SERVER = 'the proxy needs the connections of Node: run the app with @hono/node-server'

/** Headers that an app has set in a context of Hono, which would send them with a response of its own only. */
function copyHeaders(headers: Headers, response: NodeResponse): void {
  for (const [name, value] of headers) if (name !== 'set-cookie') response.setHeader(name, value)
  for (const line of headers.getSetCookie()) response.appendHeader('set-cookie', line)
}

function isMessage(value: unknown): value is NodeMessage {
  return Array.isArray(memberOf(value, 'rawHeaders')) && typeof memberOf(value, 'pipe') === 'function'
}

function isResponse(value: unknown): value is NodeResponse {
  return typeof memberOf(value, 'setHeader') === 'function' && typeof memberOf(value, 'write') === 'function'
}
