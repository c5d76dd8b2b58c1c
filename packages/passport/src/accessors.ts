import type { Authentication, UserInfo } from '@kube-authn/core'
import { messageOf } from './exchange.ts'

/** Registered, so that the accessors see the result of a strategy of another copy of this package. */
const AUTHENTICATION: unique symbol = Symbol.for('@kube-authn/passport/authentication')

export function setAuthentication(req: object, authentication: Authentication): void {
  Object.defineProperty(messageOf(req) ?? req, AUTHENTICATION, {
    value: authentication,
    writable: true,
    configurable: true,
  })
}

/**
 * The authentication of the request: Passport's `req.authInfo`, typed without augmentation.
 *
 * @param req the request of Express, or the context or request of Koa.
 * @throws {Error} if no strategy of this package authenticated the request: a mistake in the app.
 */
export function getAuthentication(req: object): Authentication {
  const holder: object & { readonly [AUTHENTICATION]?: Authentication } = messageOf(req) ?? req
  const authentication = holder[AUTHENTICATION]
  if (authentication === undefined) throw new Error('no strategy of kube-authn authenticated this request')
  return authentication
}

/**
 * The user of the request, typed without augmentation: the same object as `req.user`, unless the option `user` replaced that.
 *
 * @param req the request of Express, or the context or request of Koa.
 * @throws {Error} if no strategy of this package authenticated the request.
 * @example
 * app.get('/', passport.authenticate('kube-authn', { session: false }), (req, res) => res.send(`Hello ${getUser(req).username}`))
 */
export function getUser(req: object): UserInfo {
  return getAuthentication(req).user
}
