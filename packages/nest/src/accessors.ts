import type { Authentication, UserInfo } from '@kube-authn/core'
import { isStatusError } from '@kube-authn/core/internal'
import { getAuthentication as authenticationOf } from '@kube-authn/express'
import { nodeRequestOf } from './messages.ts'

/**
 * The authentication of a request of Express or Fastify. If the caller impersonates another user, `requester` is the caller.
 *
 * @throws {StatusError} 403, if the request asks to impersonate a user and `impersonationGuard` refused it or did not run yet.
 * @throws {Error} if no `authenticationGuard` ran before: a mistake in the app.
 */
export function getAuthentication(request: object): Authentication {
  try {
    const req = nodeRequestOf(request)
    if (req === undefined) throw new TypeError('this is not a request of Express or Fastify')
    return authenticationOf(req)
  } catch (error) {
    if (isStatusError(error)) throw error
    throw new Error(
      'authenticationGuard(...) did not run for this request: use it for the app, the controller or the route, and not with @Public()',
      { cause: error },
    )
  }
}

/**
 * The user of a request of Express or Fastify: the same object as `request.user`, typed. In a controller, `@User()` is shorter.
 *
 * @throws {StatusError | Error} as {@link getAuthentication} does.
 * @example
 * const { username } = getUser(context.switchToHttp().getRequest())
 */
export function getUser(request: object): UserInfo {
  return getAuthentication(request).user
}
