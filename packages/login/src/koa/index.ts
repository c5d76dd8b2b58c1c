/** Login in a browser for Koa 2 and 3. @module */
import {
  type HttpAnswer,
  incomingMessageBody,
  incomingMessageRequest,
  type StatusError,
} from '@kube-authn/core/adapter'
import type { Middleware, ParameterizedContext } from 'koa'
import { checkLogin, keepCookies } from '../node/adapter.ts'
import type { WebLogin } from '../web-login.ts'

/**
 * The routes of a login, and the renewal of sessions. It stands before `authentication`.
 *
 * @throws {ConfigurationError} if `login` is not a login.
 * @example
 * app.use(loginRoutes(login)).use(authentication(authenticator, { onFailure: requireLogin(login) }))
 */
export function loginRoutes(login: WebLogin): Middleware {
  checkLogin(login)
  return async function loginMiddleware(ctx, next) {
    // The result of a body parser, if one ran before.
    const parsed: unknown = 'body' in ctx.request ? ctx.request.body : undefined
    const before = await login.before(toRequest(ctx), incomingMessageBody(ctx.req, parsed))
    if ('answer' in before) {
      answer(before.answer, ctx)
      return
    }
    keepCookies(ctx.res, before.setCookies)
    await next()
  }
}

/**
 * An option `onFailure` of `authentication` and of guards: a browser that opens a page is sent to the login and comes back, a script gets a 401 with
 * `loginUrl` in its JSON.
 *
 * @throws {ConfigurationError} if `login` is not a login.
 * @example
 * router.get('/account', requireUser({ onFailure: requireLogin(login) }), showAccount)
 */
export function requireLogin(
  login: WebLogin,
): (error: StatusError, ctx: ParameterizedContext) => Promise<void> {
  checkLogin(login)
  return Object.assign(
    async function redirectToLogin(error: StatusError, ctx: ParameterizedContext) {
      answer(await login.refuse(error, toRequest(ctx)), ctx)
    },
    { sendsToLogin: login.sendsToLogin },
  )
}

function toRequest(
  ctx: Pick<ParameterizedContext, 'req' | 'originalUrl'>,
): ReturnType<typeof incomingMessageRequest> {
  return incomingMessageRequest(ctx.req, ctx.originalUrl, undefined, ctx)
}

function answer({ status, headers, content }: HttpAnswer, ctx: ParameterizedContext): void {
  ctx.status = status
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'set-cookie') ctx.append(name, value)
    else ctx.set(name, value)
  }
  ctx.body = content
}
