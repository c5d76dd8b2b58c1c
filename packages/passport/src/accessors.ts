import type { Authentication, UserInfo } from '@kube-authn/core'
import { messageOf } from './exchange.ts'

/** Registered, so that the accessors find what a strategy of another copy of this package in the process found out. */
const AUTHENTICATION: unique symbol = Symbol.for('@kube-authn/passport/authentication')

/** Makes this what is known of a request of Passport's. */
export function setAuthentication(req: object, authentication: Authentication): void {
  Object.defineProperty(messageOf(req) ?? req, AUTHENTICATION, {
    value: authentication,
    writable: true,
    configurable: true,
  })
}

/**
 * Who makes the request, and how that is known: what Passport has as `req.authInfo`, typed without any declaration.
 *
 * @param req the request of Express, or the context or request of Koa.
 * @throws {Error} when no strategy of this package let the request pass: a mistake in the app, so it is never mistaken for a user.
 */
export function getAuthentication(req: object): Authentication {
  const holder: object & { readonly [AUTHENTICATION]?: Authentication } = messageOf(req) ?? req
  const authentication = holder[AUTHENTICATION]
  if (authentication === undefined) throw new Error('no strategy of kube-authn let this request pass')
  return authentication
}

/**
 * Who makes the request, typed without any declaration. The same object as `req.user`, unless the option `user` made another of it.
 *
 * @param req the request of Express, or the context or request of Koa.
 * @throws {Error} when no strategy of this package let the request pass.
 * @example
 * app.get('/', passport.authenticate('kube-authn', { session: false }), (req, res) => res.send(`Hello ${getUser(req).username}`))
 */
export function getUser(req: object): UserInfo {
  return getAuthentication(req).user
}
