import { knownRequest, memberOf } from '@kube-authn/core/internal'
import type { HonoContext, ImpersonatingProxy, KoaContext } from './proxy.ts'
import type { NodeMessage, NodeResponse } from './node-types.ts'
import type { ServedRequest } from './serve-request.ts'

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
