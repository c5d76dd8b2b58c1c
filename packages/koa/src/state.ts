import type { Authentication, AuthenticationRequest, UserInfo } from '@kube-authn/core'
import { incomingMessageRequest } from '@kube-authn/core/incoming-message'
import type { Context } from 'koa'

/** What the middlewares put into `ctx.state`. */
export interface AuthenticationState {
  user: UserInfo
}

/** What is needed of a context. */
export type ContextWithRequest = Pick<Context, 'req' | 'originalUrl'>

/** What the middlewares know of a request. It lives as long as the request. */
export interface RequestState {
  /** The same for all middlewares: by it an observer tells which events belong together. */
  readonly request: AuthenticationRequest
  authentication?: Authentication
}

const states = new WeakMap<Context['req'], RequestState>()

/** What is known of a request, which may be nothing yet. */
export function stateOf(ctx: ContextWithRequest): RequestState {
  let state = states.get(ctx.req)
  if (state === undefined) {
    requireNodeRequest(ctx.req)
    state = { request: incomingMessageRequest(ctx.req, ctx.originalUrl) }
    states.set(ctx.req, state)
  }
  return state
}

/** What is known of who makes the request, which may be nothing yet. */
export function authenticationOf(ctx: ContextWithRequest): Authentication | undefined {
  return states.get(ctx.req)?.authentication
}

/** @throws {TypeError} when something else calls the middleware than Koa. */
function requireNodeRequest(req: unknown): void {
  if (typeof req === 'object' && req !== null && 'rawHeaders' in req) return
  throw new TypeError(
    'a middleware of @kube-authn/koa was called without a context of Koa: for Express use @kube-authn/express, and for Hono @kube-authn/hono',
  )
}

/** Makes this the user of the request, as `ctx.state.user` too. */
export function setAuthentication(
  ctx: ContextWithRequest & { readonly state: AuthenticationState },
  authentication: Authentication,
): void {
  stateOf(ctx).authentication = authentication
  ctx.state.user = authentication.user
}

/** What a body parser made of the body, where one ran before. */
export function parsedBody({ request }: Pick<Context, 'request'>): unknown {
  return 'body' in request ? request.body : undefined
}
