import type { Authentication, UserInfo } from '@kube-authn/core'
import { NO_AUTHENTICATION, requireAuthentication } from '@kube-authn/core/internal'
import { type ContextWithRequest, knownOf } from './state.ts'

/**
 * The authentication of the request. If the caller impersonates another user, `requester` is the caller.
 *
 * @throws {StatusError} 403, if the request asks to impersonate a user and `impersonation` refused it or did not run yet.
 * @throws {Error} if no `authentication` middleware ran before: a mistake in the app.
 */
export function getAuthentication(ctx: ContextWithRequest): Authentication {
  return requireAuthentication(knownOf(ctx), NO_AUTHENTICATION)
}

/**
 * The user of the request: the same object as `ctx.state.user`, typed for every context.
 *
 * @throws {StatusError | Error} as {@link getAuthentication} does.
 * @example
 * app.use((ctx) => { ctx.body = `Hello ${getUser(ctx).username}` })
 */
export function getUser(ctx: ContextWithRequest): UserInfo {
  return getAuthentication(ctx).user
}
