/** Login in a browser for Express 4 and 5, and other frameworks that call `(req, res, next)`. @module */
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type HttpAnswer,
  incomingMessageBody,
  incomingMessageRequest,
  type StatusError,
} from '@kube-authn/core/adapter'
import { isPromiseLike } from '@kube-authn/core/internal'
import { checkLogin, keepCookies } from '../node/adapter.ts'
import type { BeforeApp, WebLogin } from '../web-login.ts'

/** Continues with the next middleware or, with an error, the error middlewares. */
type Next = (error?: unknown) => void

/**
 * The routes of a login, and the renewal of sessions. It stands before `authentication`.
 *
 * @throws {ConfigurationError} if `login` is not a login.
 * @example
 * app.use(loginRoutes(login))
 * app.use(authentication(authenticator, { onFailure: requireLogin(login) }))
 */
export function loginRoutes(
  login: WebLogin,
): (req: IncomingMessage, res: ServerResponse, next: Next) => void {
  checkLogin(login)
  return function loginMiddleware(req, res, next) {
    const proceed = (before: BeforeApp): void => {
      if ('answer' in before) {
        send(before.answer, res)
        return
      }
      keepCookies(res, before.setCookies)
      next()
    }
    try {
      const before = login.before(toRequest(req), incomingMessageBody(req))
      if (isPromiseLike(before)) before.then(proceed).then(undefined, next)
      else proceed(before)
    } catch (error) {
      next(error)
    }
  }
}

/**
 * An option `onFailure` of `authentication` and of guards: a browser that opens a page is sent to the login and comes back, a script gets a 401 with
 * `loginUrl` in its JSON. It is also one of `@kube-authn/fastify`.
 *
 * @throws {ConfigurationError} if `login` is not a login.
 * @example
 * app.get('/account', requireUser({ onFailure: requireLogin(login) }), showAccount)
 */
export function requireLogin(
  login: WebLogin,
): (error: StatusError, req: Raw<IncomingMessage>, res: Raw<ServerResponse>) => Promise<void> {
  checkLogin(login)
  return Object.assign(
    async function redirectToLogin(error: StatusError, req: Raw<IncomingMessage>, res: Raw<ServerResponse>) {
      send(await login.refuse(error, toRequest(nodeObject(req))), nodeObject(res))
    },
    { sendsToLogin: login.sendsToLogin },
  )
}

/** One of Node, or of Fastify, which has that of Node in it. */
type Raw<T> = T | { readonly raw: T }

function nodeObject<T extends object>(given: Raw<T>): T {
  return 'raw' in given ? given.raw : given
}

function toRequest(req: IncomingMessage): ReturnType<typeof incomingMessageRequest> {
  // Express changes `url` below a mount point and keeps the original.
  const target = 'originalUrl' in req && typeof req.originalUrl === 'string' ? req.originalUrl : req.url
  return incomingMessageRequest(req, target)
}

function send({ status, headers, content }: HttpAnswer, res: ServerResponse): void {
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) {
    // A session that was just renewed has set its cookies.
    if (name === 'set-cookie') res.appendHeader(name, value)
    else res.setHeader(name, value)
  }
  res.end(content)
}
