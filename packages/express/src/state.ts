import type { IncomingMessage, ServerResponse } from 'node:http'
import { clientContext, incomingMessageRequest } from '@kube-authn/core/adapter'
import { warnReplacedUser, type AuthenticateRequestContext } from '@kube-authn/core/internal/shared'
import type { Authentication, AuthenticationRequest, StatusError, UserInfo } from '@kube-authn/core'
import { impersonationFollows } from './impersonation-follows.ts'

/** The middlewares' state of a request, with the lifetime of the request. */
export class RequestState {
  /** The same object for all middlewares: observers correlate events by it. */
  readonly request: AuthenticationRequest
  authentication: Authentication | undefined = undefined
  /** Set if the request asks to impersonate a user, until that is granted. */
  held: HeldRequest | undefined = undefined

  constructor(request: AuthenticationRequest) {
    this.request = request
  }
}

/** A request that has no user, as its impersonation is not granted. */
export interface HeldRequest {
  /** The error wherever a user is needed. */
  readonly failure: StatusError
  /** The caller, until impersonation is decided. */
  readonly caller?: Authentication
}

/**
 * Registered, so that the middlewares of two copies of this package in one process share the state. The number is the version of
 * {@link RequestState}.
 */
const STATE: unique symbol = Symbol.for('@kube-authn/express/state@1')

/** The state of a request, created if needed. */
export function stateOf(req: IncomingMessage & { [STATE]?: RequestState }): RequestState {
  let state = req[STATE]
  if (state === undefined) {
    requireNodeRequest(req)
    state = new RequestState(incomingMessageRequest(req, originalUrlOf(req)))
    // Not enumerable, so that a copy of a request, such as `{ ...req }`, is not authenticated. An assignment would be faster.
    Object.defineProperty(req, STATE, { value: state })
  }
  return state
}

/** The state of a request, without creating it. */
export function knownOf(req: IncomingMessage & { readonly [STATE]?: RequestState }): Partial<RequestState> {
  return req[STATE] ?? {}
}

/** @throws {TypeError} if the caller is not Express or compatible. */
function requireNodeRequest(req: unknown): void {
  if (typeof req === 'object' && req !== null && 'rawHeaders' in req) return
  throw new TypeError(
    'a middleware of @kube-authn/express was called without a request of Node: for Hono use @kube-authn/hono, and for Koa @kube-authn/koa',
  )
}

/** Sets the user of the request, also as `req.user`. */
export function setAuthentication(
  req: IncomingMessage & { user?: UserInfo },
  authentication: Authentication,
): void {
  const state = stateOf(req)
  if (state.authentication === undefined && state.held === undefined && hasUser(req))
    warnReplacedUser('req.user')
  state.authentication = authentication
  state.held = undefined
  req.user = authentication.user
}

function hasUser(req: IncomingMessage & { readonly user?: unknown }): boolean {
  return req.user !== undefined && req.user !== null
}

/** Removes the user of a request, and holds it. */
export function hold(req: IncomingMessage, held: HeldRequest): void {
  const state = stateOf(req)
  state.authentication = undefined
  state.held = held
  if ('user' in req) Object.assign(req, { user: undefined })
}

/** The context of a request for `authenticateRequest`. */
export class RequestContext implements AuthenticateRequestContext {
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #own: unknown

  /** @param own the calling middleware. */
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

/** Express changes `url` below a mount point and keeps the original. */
function originalUrlOf(req: IncomingMessage): string | undefined {
  return 'originalUrl' in req && typeof req.originalUrl === 'string' ? req.originalUrl : req.url
}
