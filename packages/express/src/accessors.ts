import type { IncomingMessage } from 'node:http'
import type { Authentication, UserInfo } from '@kube-authn/core'
import { knownOf } from './state.ts'

/**
 * Who makes the request, and how that is known. `requester` is who really made it, when they act as somebody else.
 *
 * @throws {StatusError} 403, when the request asks to act as another user and `impersonation` did not allow it, or not yet.
 * @throws {Error} when no `authentication` middleware ran before: a mistake in the app, so it is never mistaken for a user.
 */
export function getAuthentication(req: IncomingMessage): Authentication {
  const { authentication, held } = knownOf(req)
  if (held !== undefined) throw held.failure
  if (authentication === undefined)
    throw new Error(
      'the authentication middleware did not run for this request: put app.use(authentication(...)) before its route',
    )
  return authentication
}

/**
 * Who makes the request. The same object as `req.user`, typed without any declaration.
 *
 * @throws {StatusError | Error} as {@link getAuthentication} does.
 * @example
 * app.get('/', (req, res) => res.send(`Hello ${getUser(req).username}`))
 */
export function getUser(req: IncomingMessage): UserInfo {
  return getAuthentication(req).user
}
