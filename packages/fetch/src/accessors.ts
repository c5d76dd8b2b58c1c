import type { Authentication, UserInfo } from '@kube-authn/core'
import { authenticationOf } from './context.ts'
import { knownOf } from './state.ts'

/**
 * The authentication of the request. If the caller impersonates another user, `requester` is the caller. The same object as in the context of the
 * handler.
 *
 * @param request the request that the handler got. A copy of it, such as `request.clone()`, has no authentication.
 * @throws {StatusError} 403, if the request asks to impersonate a user and `withImpersonation` refused it or did not run yet.
 * @throws {Error} if `withAuthentication` did not run for this request: a mistake in the app.
 */
export function getAuthentication(request: Request): Authentication {
  return authenticationOf(knownOf(request))
}

/**
 * The user of the request, for code that gets nothing but the request, such as a route of Elysia.
 *
 * @throws {StatusError | Error} as {@link getAuthentication} does.
 * @example
 * const routes = new Elysia().get('/', ({ request }) => `Hello ${getUser(request).username}`)
 * export default { fetch: withAuthentication(authenticator, (request) => routes.fetch(request)) }
 */
export function getUser(request: Request): UserInfo {
  return getAuthentication(request).user
}
