import type { Authentication, UserInfo } from '@kube-authn/core'
import { type ContextWithRequest, authenticationOf } from './state.ts'

/**
 * Who makes the request, and how that is known. `requester` is who really made it, when they act as somebody else.
 *
 * @throws {Error} when no `authentication` middleware ran before: a mistake in the app, so it is never mistaken for a user.
 */
export function getAuthentication(ctx: ContextWithRequest): Authentication {
  const authentication = authenticationOf(ctx)
  if (authentication === undefined)
    throw new Error('the authentication middleware did not run for this request')
  return authentication
}

/**
 * Who makes the request. The same object as `ctx.state.user`, typed wherever there is a context.
 *
 * @throws {Error} when no `authentication` middleware ran before.
 * @example
 * app.use((ctx) => { ctx.body = `Hello ${getUser(ctx).username}` })
 */
export function getUser(ctx: ContextWithRequest): UserInfo {
  return getAuthentication(ctx).user
}
