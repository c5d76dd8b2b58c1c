import type { IncomingMessage } from 'node:http'
import type { Authentication, UserInfo } from '@kube-authn/core'
import { NO_AUTHENTICATION, requireAuthentication } from '@kube-authn/core/internal'
import { knownOf } from './state.ts'

/**
 * The authentication of the request. If the caller impersonates another user, `requester` is the caller.
 *
 * @throws {StatusError} 403, if the request asks to impersonate a user and `impersonation` refused it or did not run yet.
 * @throws {Error} if no `authentication` middleware ran before: a mistake in the app.
 */
export function getAuthentication(req: IncomingMessage): Authentication {
  return requireAuthentication(knownOf(req), NO_AUTHENTICATION)
}

/**
 * The user of the request: the same object as `req.user`, typed without augmentation.
 *
 * @throws {StatusError | Error} as {@link getAuthentication} does.
 * @example
 * app.get('/', (req, res) => res.send(`Hello ${getUser(req).username}`))
 */
export function getUser(req: IncomingMessage): UserInfo {
  return getAuthentication(req).user
}
