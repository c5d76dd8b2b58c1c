import type { Authentication } from '@kube-authn/core'
import { aFunction, isStatusError, knownRequest, memberOf, refuseProblems } from '@kube-authn/core/internal'
import type { HonoContext, ImpersonatingProxy, KoaContext } from './proxy.ts'
import { badGateway } from './failures.ts'
import { answer } from './forward/answers.ts'
import type { NodeMessage, NodeResponse } from './node-types.ts'
import type { ServedRequest } from './serve-request.ts'

/** Serves a request. @param over called once the response is over. */
export type Serve = (request: ServedRequest, over: () => void) => void

/** How frameworks hand requests over. */
export function adapters(serve: Serve): Pick<ImpersonatingProxy, 'express' | 'koa' | 'hono'> {
  return {
    express(authenticationOf) {
      checked(authenticationOf)
      return function proxyHandler(req, res, next = (error) => refuse(error, req, res)) {
        let authentication: Authentication
        try {
          authentication = authenticationOf(req)
        } catch (error) {
          next(error)
          return
        }
        serve({ message: req, response: res, known: knownRequest(req), authentication }, NOTHING)
      }
    },
    koa<Ctx = KoaContext>(authenticationOf: (ctx: Ctx) => Authentication) {
      checked(authenticationOf)
      return async function proxyMiddleware(ctx: Ctx & KoaContext): Promise<void> {
        const { req: message, res: response } = ctx
        const authentication = authenticationOf(ctx)
        ctx.respond = false
        const known = knownRequest(message)
        await new Promise<void>((over) => serve({ message, response, known, authentication }, over))
      }
    },
    hono<C extends HonoContext>(authenticationOf: (c: C) => Authentication) {
      checked(authenticationOf)
      return async function proxyHandler(c: C): Promise<Response> {
        const message = memberOf(c.env, 'incoming')
        const response = memberOf(c.env, 'outgoing')
        if (!isMessage(message) || !isResponse(response)) throw new TypeError(NO_NODE_SERVER)
        const authentication = authenticationOf(c)
        const known = knownRequest(c)
        await new Promise<void>((over) => serve({ message, response, known, authentication }, over))
        return new Response(null, { headers: { 'x-hono-already-sent': 'true' } })
      }
    },
  }
}

const NOTHING = (): void => {}
const NO_NODE_SERVER = 'the proxy needs the connections of Node: run the app with @hono/node-server'

function checked(authenticationOf: unknown): void {
  refuseProblems(aFunction(authenticationOf, 'authenticationOf'))
}

/** Without a framework: what `authenticationOf` threw is the answer. */
function refuse(error: unknown, req: NodeMessage, res: NodeResponse): void {
  answer(isStatusError(error) ? error : badGateway(error), req, res)
}

function isMessage(value: unknown): value is NodeMessage {
  return Array.isArray(memberOf(value, 'rawHeaders')) && typeof memberOf(value, 'pipe') === 'function'
}

function isResponse(value: unknown): value is NodeResponse {
  return typeof memberOf(value, 'setHeader') === 'function' && typeof memberOf(value, 'write') === 'function'
}
