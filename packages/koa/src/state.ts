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

/**
 * Registered, so that the middlewares of two copies of this package in one process know the same of a request. The number is that
 * of the shape of {@link RequestState}.
 */
const STATE: unique symbol = Symbol.for('@kube-authn/koa/state@1')

/** What is known of a request, which may be nothing yet. */
export function stateOf(ctx: ContextWithRequest): RequestState {
  const req: Context['req'] & { readonly [STATE]?: RequestState } = ctx.req
  let state = req[STATE]
  if (state === undefined) {
    state = { request: incomingMessageRequest(req, ctx.originalUrl) }
    Object.defineProperty(req, STATE, { value: state })
  }
  return state
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
