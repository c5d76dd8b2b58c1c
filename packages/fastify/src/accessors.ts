import type { Authentication, UserInfo } from '@kube-authn/core'
import { requireAuthentication } from '@kube-authn/core/internal'
import { knownOf } from './state.ts'

const NO_AUTHENTICATION =
  'authentication did not run for this request: app.register(authentication(...)) in the scope of its route, or around it'

/**
 * The authentication of the request. If the caller impersonates another user, `requester` is the caller.
 *
 * @throws {StatusError} 403, if the request asks to impersonate a user and `impersonation` refused it or did not run yet.
 * @throws {Error} if `authentication` did not run before, since it is not registered in the scope of the route: a mistake in the app.
 */
export function getAuthentication(request: { readonly raw: object }): Authentication {
  return requireAuthentication(knownOf(request), NO_AUTHENTICATION)
}

/**
 * The user of the request: the same object as `request.user`, typed without augmentation.
 *
 * @throws {StatusError | Error} as {@link getAuthentication} does.
 * @example
 * app.get('/', (request) => `Hello ${getUser(request).username}`)
 */
export function getUser(request: { readonly raw: object }): UserInfo {
  return getAuthentication(request).user
}
