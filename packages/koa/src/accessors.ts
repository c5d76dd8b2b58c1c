import type { Authentication, UserInfo } from '@kube-authn/core'
import type { Context } from 'koa'

const authentications = new WeakMap<Context['req'], Authentication>()

/** What an accessor needs of a context. */
export type ContextWithRequest = Pick<Context, 'req'>

/** Keeps what is known about a request for as long as the request lives. */
export function setAuthentication(ctx: ContextWithRequest, authentication: Authentication): void {
  authentications.set(ctx.req, authentication)
}

/**
 * Who makes the request, and how that is known.
 *
 * @throws {Error} when no `authentication` middleware ran before: a mistake in the app, so it is never mistaken for a user.
 */
export function getAuthentication(ctx: ContextWithRequest): Authentication {
  const authentication = authentications.get(ctx.req)
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
