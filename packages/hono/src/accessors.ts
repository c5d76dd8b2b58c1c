import type { Authentication, UserInfo } from '@kube-authn/core'
import { NO_AUTHENTICATION, requireAuthentication } from '@kube-authn/core/internal'
import type { Context } from 'hono'
import { authenticationOf, stateOf } from './state.ts'

/**
 * The authentication of the request. If the caller impersonates another user, `requester` is the caller. The same object as `c.var.authentication`.
 *
 * @throws {StatusError} 403, if the request asks to impersonate a user and `impersonation` refused it or did not run yet.
 * @throws {Error} if no `authentication` middleware ran before: a mistake in the app.
 */
export function getAuthentication(c: Context): Authentication {
  const { held } = stateOf(c)
  return requireAuthentication({ authentication: authenticationOf(c), held }, NO_AUTHENTICATION)
}

/**
 * The user of the request: the same object as `c.var.user`, typed for every context.
 *
 * @throws {StatusError | Error} as {@link getAuthentication} does.
 * @example
 * app.get('/', (c) => c.text(`Hello ${getUser(c).username}`))
 */
export function getUser(c: Context): UserInfo {
  return getAuthentication(c).user
}
