import type { IncomingMessage } from 'node:http'
import type { Authentication, UserInfo } from '@kube-authn/core'

const authentications = new WeakMap<IncomingMessage, Authentication>()

/** Keeps what is known about a request for as long as the request lives. */
export function setAuthentication(req: IncomingMessage, authentication: Authentication): void {
  authentications.set(req, authentication)
  Object.assign(req, { user: authentication.user })
}

/**
 * Who makes the request, and how that is known.
 *
 * @throws {Error} when no `authentication` middleware ran before: a mistake in the app, so it is never mistaken for a user.
 */
export function getAuthentication(req: IncomingMessage): Authentication {
  const authentication = authentications.get(req)
  if (authentication === undefined)
    throw new Error('the authentication middleware did not run for this request')
  return authentication
}

/**
 * Who makes the request. The same object as `req.user`, typed without any declaration.
 *
 * @throws {Error} when no `authentication` middleware ran before.
 * @example
 * app.get('/', (req, res) => res.send(`Hello ${getUser(req).username}`))
 */
export function getUser(req: IncomingMessage): UserInfo {
  return getAuthentication(req).user
}
