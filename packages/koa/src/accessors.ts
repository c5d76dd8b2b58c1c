import type { Authentication, UserInfo } from '@kube-authn/core'
import { type ContextWithRequest, knownOf } from './state.ts'

/**
 * Who makes the request, and how that is known. `requester` is who really made it, when they act as somebody else.
 *
 * @throws {StatusError} 403, when the request asks to act as another user and `impersonation` did not allow it, or not yet.
 * @throws {Error} when no `authentication` middleware ran before: a mistake in the app, so it is never mistaken for a user.
 */
export function getAuthentication(ctx: ContextWithRequest): Authentication {
  const { authentication, held } = knownOf(ctx)
  if (held !== undefined) throw held.failure
  if (authentication === undefined)
    throw new Error(
      'the authentication middleware did not run for this request: put app.use(authentication(...)) before its route',
    )
  return authentication
}

/**
 * Who makes the request. The same object as `ctx.state.user`, typed wherever there is a context.
 *
 * @throws {StatusError | Error} as {@link getAuthentication} does.
 * @example
 * app.use((ctx) => { ctx.body = `Hello ${getUser(ctx).username}` })
 */
export function getUser(ctx: ContextWithRequest): UserInfo {
  return getAuthentication(ctx).user
}
