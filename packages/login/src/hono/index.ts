/** Login in a browser for Hono 4, on Node and on edge runtimes. @module */
import type { AuthenticationRequest } from '@kube-authn/core'
import {
  fetchBody,
  fetchRequest,
  incomingMessageRequest,
  responseOf,
  type StatusError,
} from '@kube-authn/core/adapter'
import { isNodeRequest, memberOf } from '@kube-authn/core/internal'
import type { Context, MiddlewareHandler } from 'hono'
import { checkLogin, type CookieResponse, keepCookies } from '../node/adapter.ts'
import type { WebLogin } from '../web-login.ts'

/**
 * The routes of a login, and the renewal of sessions. It stands before `authentication`.
 *
 * @throws {ConfigurationError} if `login` is not a login.
 * @example
 * app.use(loginRoutes(login)).use(authentication(authenticator, { onFailure: requireLogin(login) }))
 */
export function loginRoutes(login: WebLogin): MiddlewareHandler {
  checkLogin(login)
  return async function loginMiddleware(c, next) {
    const before = await login.before(toRequest(c), fetchBody(c.req.raw))
    if ('answer' in before) return responseOf(before.answer)
    const outgoing = memberOf(c.env, 'outgoing')
    // A handler may write the response of Node itself, as a proxy does: Hono adds nothing to it.
    if (isCookieResponse(outgoing)) keepCookies(outgoing, before.setCookies)
    await next()
    // Not earlier: if a handler returns its own Response, Hono drops headers that were set before. The response to an upgrade has none to change.
    if (c.res.status === SWITCHING_PROTOCOLS) return undefined
    if (before.setCookies.length === 0) return undefined
    // The handler writes the response of Node. A header would make Hono copy this one, and @hono/node-server would write the copy as well.
    if (c.res.headers.has('x-hono-already-sent')) return undefined
    for (const line of before.setCookies) c.header('Set-Cookie', line, { append: true })
    // A cache would give the session to others.
    c.header('Cache-Control', 'no-store')
    return undefined
  }
}

const SWITCHING_PROTOCOLS = 101

/**
 * An option `onFailure` of `authentication` and of guards: a browser that opens a page is sent to the login and comes back, a script gets a 401 with
 * `loginUrl` in its JSON.
 *
 * @throws {ConfigurationError} if `login` is not a login.
 * @example
 * app.get('/account', requireUser({ onFailure: requireLogin(login) }), showAccount)
 */
export function requireLogin(login: WebLogin): (error: StatusError, c: Context) => Promise<Response> {
  checkLogin(login)
  return Object.assign(
    async function redirectToLogin(error: StatusError, c: Context) {
      return responseOf(await login.refuse(error, toRequest(c)))
    },
    { sendsToLogin: login.sendsToLogin },
  )
}

/** On `@hono/node-server` the request of Node, which knows the client certificate. */
function toRequest(c: Context): AuthenticationRequest {
  const incoming = memberOf(c.env, 'incoming')
  return isNodeRequest(incoming) ? incomingMessageRequest(incoming) : fetchRequest(c.req.raw)
}

function isCookieResponse(outgoing: unknown): outgoing is CookieResponse {
  return ['appendHeader', 'writeHead'].every((name) => typeof memberOf(outgoing, name) === 'function')
}
