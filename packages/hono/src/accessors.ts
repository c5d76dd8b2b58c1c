import type { Authentication, UserInfo } from '@kube-authn/core'
import type { Context } from 'hono'
import { authenticationOf, stateOf } from './state.ts'

/**
 * Who makes the request, and how that is known. `requester` is who really made it, when they act as somebody else. The same
 * object as `c.var.authentication`.
 *
 * @throws {StatusError} 403, when the request asks to act as another user and `impersonation` did not allow it, or not yet.
 * @throws {Error} when no `authentication` middleware ran before: a mistake in the app, so it is never mistaken for a user.
 */
export function getAuthentication(c: Context): Authentication {
  const { held } = stateOf(c)
  if (held !== undefined) throw held.failure
  const authentication = authenticationOf(c)
  if (authentication === undefined)
    throw new Error(
      'the authentication middleware did not run for this request: put app.use(authentication(...)) before its route',
    )
  return authentication
}

/**
 * Who makes the request. The same object as `c.var.user`, typed wherever there is a context.
 *
 * @throws {StatusError | Error} as {@link getAuthentication} does.
 * @example
 * app.get('/', (c) => c.text(`Hello ${getUser(c).username}`))
 */
export function getUser(c: Context): UserInfo {
  return getAuthentication(c).user
}
