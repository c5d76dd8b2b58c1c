import type {
  AuthenticateRequestContext,
  Authentication,
  AuthenticationRequest,
  StatusError,
  UserInfo,
} from '@kube-authn/core'
import { clientContext, incomingMessageRequest } from '@kube-authn/core/incoming-message'
import type { Context, ParameterizedContext } from 'koa'
import { impersonationFollows } from './impersonation-follows.ts'

/** What the middlewares put into `ctx.state`. */
export interface AuthenticationState {
  user: UserInfo
}

/** What is needed of a context. */
export type ContextWithRequest = Pick<Context, 'req' | 'originalUrl'>

/** What the middlewares know of a request. It lives as long as the request. */
export class RequestState {
  /** The same for all middlewares: by it an observer tells which events belong together. */
  readonly request: AuthenticationRequest
  authentication: Authentication | undefined = undefined
  /** There when the request asks to act as another user and that is not granted: not yet, or not at all. */
  held: HeldRequest | undefined = undefined

  constructor(request: AuthenticationRequest) {
    this.request = request
  }
}

/** A request without a user, since it asks to act as another. */
export interface HeldRequest {
  /** Refuses it, wherever a user is needed. */
  readonly failure: StatusError
  /** Who makes it, while impersonation has not decided. */
  readonly caller?: Authentication
}

/**
 * Registered, so that the middlewares of two copies of this package in one process know the same of a request. The number is that
 * of the shape of {@link RequestState}.
 */
const STATE: unique symbol = Symbol.for('@kube-authn/koa/state@1')

/** What is known of a request, which may be nothing yet. */
export function stateOf(ctx: ContextWithRequest): RequestState {
  requireNodeRequest(ctx.req)
  const req: Context['req'] & { readonly [STATE]?: RequestState } = ctx.req
  let state = req[STATE]
  if (state === undefined) {
    state = new RequestState(incomingMessageRequest(req, ctx.originalUrl))
    // Not assigned, which would be quicker: it must not show in the request.
    Object.defineProperty(req, STATE, { value: state })
  }
  return state
}

/** What is known of who makes the request, which may be nothing yet. */
export function knownOf(ctx: ContextWithRequest): Partial<RequestState> {
  const req: (Context['req'] & { readonly [STATE]?: RequestState }) | undefined = ctx.req
  return req?.[STATE] ?? {}
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
  const state = stateOf(ctx)
  state.authentication = authentication
  state.held = undefined
  ctx.state.user = authentication.user
}

/** Takes the user from a request that is held. */
export function hold(ctx: ContextWithRequest & { readonly state: object }, held: HeldRequest): void {
  const state = stateOf(ctx)
  state.authentication = undefined
  state.held = held
  Reflect.deleteProperty(ctx.state, 'user')
}

/** What `authenticateRequest` may ask about a request. */
export class RequestContext implements AuthenticateRequestContext {
  readonly #ctx: ParameterizedContext
  readonly #own: unknown

  /** @param own the middleware that asks. */
  constructor(ctx: ParameterizedContext, own: unknown) {
    this.#ctx = ctx
    this.#own = own
  }

  get impersonates(): boolean {
    return impersonationFollows(this.#ctx, this.#own)
  }

  get signal(): AbortSignal {
    return clientContext(this.#ctx.req, this.#ctx.res).signal
  }

  get askedToImpersonate(): boolean {
    const { authentication, held } = stateOf(this.#ctx)
    return authentication?.requester !== undefined || (held !== undefined && held.caller === undefined)
  }
}

/** What a body parser made of the body, where one ran before. */
export function parsedBody({ request }: Pick<Context, 'request'>): unknown {
  return 'body' in request ? request.body : undefined
}
