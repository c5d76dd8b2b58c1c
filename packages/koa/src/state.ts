import { incomingMessageRequest } from '@kube-authn/core/adapter'
import {
  advise,
  type NodeUsers,
  RequestState,
  type RequestStates,
  requestStates,
} from '@kube-authn/core/internal'
import type { UserInfo } from '@kube-authn/core'
import type { Context, ParameterizedContext } from 'koa'

/** What the middlewares set in `ctx.state`. */
export interface AuthenticationState {
  user: UserInfo
}

/** The used part of a context. */
export type ContextWithRequest = Pick<Context, 'req' | 'originalUrl'>

/** The number is the version of {@link RequestState}. */
const states: RequestStates<RequestState> = requestStates('koa/state@3')

/** The state of a request, created if needed. */
export function stateOf(ctx: ContextWithRequest): RequestState {
  const { req } = ctx
  if (!isNodeRequest(req)) throw new TypeError(NO_CONTEXT)
  let state = states.of(req)
  if (state === undefined) {
    state = new RequestState(incomingMessageRequest(req, ctx.originalUrl, undefined, ctx))
    states.keep(req, state)
  }
  return state
}

/** The state of a request, without creating it. */
export function knownOf({ req }: ContextWithRequest): Partial<RequestState> {
  return (isNodeRequest(req) ? states.of(req) : undefined) ?? {}
}

const NO_CONTEXT =
  'a middleware of @kube-authn/koa was called without a context of Koa: for Express use @kube-authn/express, and for Hono @kube-authn/hono'

/** Contexts of other frameworks have no such request. */
function isNodeRequest(req: unknown): boolean {
  return typeof req === 'object' && req !== null && 'rawHeaders' in req
}

/** The users of requests, also as `ctx.state.user`. */
export const users: NodeUsers<ParameterizedContext<AuthenticationState>> = {
  stateOf,
  authenticationOf: (ctx) => stateOf(ctx).authentication,
  setAuthentication(ctx, authentication, log) {
    const state = stateOf(ctx)
    const { user }: Partial<AuthenticationState> = ctx.state
    const isFirst = state.authentication === undefined && state.held === undefined
    if (isFirst && user !== undefined && user !== null)
      advise(log, 'KUBE_AUTHN_USER_REPLACED', 'ctx.state.user')
    state.authentication = authentication
    state.held = undefined
    ctx.state.user = authentication.user
  },
  hold(ctx, held) {
    const state = stateOf(ctx)
    state.authentication = undefined
    state.held = held
    Reflect.deleteProperty(ctx.state, 'user')
  },
}

/** The result of a body parser, if one ran before. */
export function parsedBody({ request }: Pick<Context, 'request'>): unknown {
  return 'body' in request ? request.body : undefined
}
