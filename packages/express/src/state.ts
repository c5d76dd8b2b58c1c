import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  AuthenticateRequestContext,
  Authentication,
  AuthenticationRequest,
  StatusError,
  UserInfo,
} from '@kube-authn/core'
import { clientContext, incomingMessageRequest } from '@kube-authn/core/incoming-message'
import { impersonationFollows } from './impersonation-follows.ts'

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
const STATE: unique symbol = Symbol.for('@kube-authn/express/state@1')

/** What is known of a request, which may be nothing yet. */
export function stateOf(req: IncomingMessage & { readonly [STATE]?: RequestState }): RequestState {
  let state = req[STATE]
  if (state === undefined) {
    requireNodeRequest(req)
    state = new RequestState(incomingMessageRequest(req, originalUrlOf(req)))
    // Not assigned, which would be quicker: it must not show in the request.
    Object.defineProperty(req, STATE, { value: state })
  }
  return state
}

/** What is known of who makes the request, which may be nothing yet. */
export function knownOf(req: IncomingMessage & { readonly [STATE]?: RequestState }): Partial<RequestState> {
  return req[STATE] ?? {}
}

/** @throws {TypeError} when something else calls the middleware than Express and what calls as it does. */
function requireNodeRequest(req: unknown): void {
  if (typeof req === 'object' && req !== null && 'rawHeaders' in req) return
  throw new TypeError(
    'a middleware of @kube-authn/express was called without a request of Node: for Hono use @kube-authn/hono, and for Koa @kube-authn/koa',
  )
}

/** Makes this the user of the request, as `req.user` too. */
export function setAuthentication(
  req: IncomingMessage & { user?: UserInfo },
  authentication: Authentication,
): void {
  const state = stateOf(req)
  state.authentication = authentication
  state.held = undefined
  req.user = authentication.user
}

/** Takes the user from a request that is held. */
export function hold(req: IncomingMessage, held: HeldRequest): void {
  const state = stateOf(req)
  state.authentication = undefined
  state.held = held
  if ('user' in req) Object.assign(req, { user: undefined })
}

/** What `authenticateRequest` may ask about a request. */
export class RequestContext implements AuthenticateRequestContext {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #own: unknown

  /** @param own the middleware that asks. */
  constructor(req: IncomingMessage, res: ServerResponse, own: unknown) {
    this.#req = req
    this.#res = res
    this.#own = own
  }

  get impersonates(): boolean {
    return impersonationFollows(this.#req, this.#own)
  }

  get signal(): AbortSignal {
    return clientContext(this.#req, this.#res).signal
  }

  get askedToImpersonate(): boolean {
    const { authentication, held } = stateOf(this.#req)
    return authentication?.requester !== undefined || (held !== undefined && held.caller === undefined)
  }
}

/** Express changes `url` below a mount point and keeps what was sent. */
function originalUrlOf(req: IncomingMessage): string | undefined {
  return 'originalUrl' in req && typeof req.originalUrl === 'string' ? req.originalUrl : req.url
}
