import { applyHeaderChanges, incomingMessageRequest } from '@kube-authn/core/adapter'
import {
  advise,
  type HeldRequest,
  type NodeUsers,
  RequestState,
  type RequestStates,
  requestStates,
} from '@kube-authn/core/internal'
import type { Authentication, HeaderChanges, Log, UserInfo } from '@kube-authn/core'
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

/** Sets the user of the request, also as `ctx.state.user`. */
function setAuthentication(
  ctx: ContextWithRequest & { readonly state: AuthenticationState },
  authentication: Authentication,
  log?: Log,
): void {
  const state = stateOf(ctx)
  if (state.authentication === undefined && state.held === undefined && hasUser(ctx)) {
    advise(log, 'userReplaced', 'ctx.state.user')
  }
  state.authentication = authentication
  state.held = undefined
  ctx.state.user = authentication.user
}

function hasUser(ctx: { readonly state: Partial<AuthenticationState> }): boolean {
  return ctx.state.user !== undefined && ctx.state.user !== null
}

/** Removes the user of a request, and holds it. */
function hold(ctx: ContextWithRequest & { readonly state: object }, held: HeldRequest): void {
  const state = stateOf(ctx)
  state.authentication = undefined
  state.held = held
  Reflect.deleteProperty(ctx.state, 'user')
}

/** The users of requests, for the decisions of the core. */
export const users: NodeUsers<ParameterizedContext<AuthenticationState>> = {
  stateOf,
  authenticationOf: (ctx) => stateOf(ctx).authentication,
  setAuthentication,
  hold,
}

/** Changes the headers that the application sees. */
export function changeHeaders({ req }: Pick<Context, 'req'>, changes: HeaderChanges): void {
  applyHeaderChanges(req, changes)
}

/** The result of a body parser, if one ran before. */
export function parsedBody({ request }: Pick<Context, 'request'>): unknown {
  return 'body' in request ? request.body : undefined
}
