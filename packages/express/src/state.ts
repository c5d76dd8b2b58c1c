import type { IncomingMessage, ServerResponse } from 'node:http'
import { clientContext, incomingMessageRequest } from '@kube-authn/core/adapter'
import {
  advise,
  type AuthenticateRequestContext,
  type HeldRequest,
  type Log,
  type RequestStates,
  requestStates,
} from '@kube-authn/core/internal/shared'
import type { Authentication, AuthenticationRequest, UserInfo } from '@kube-authn/core'
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

/** The number is the version of {@link RequestState}. */
const states: RequestStates<RequestState> = requestStates('express/state@2')

/** The state of a request, created if needed. */
export function stateOf(req: IncomingMessage): RequestState {
  let state = states.of(req)
  if (state === undefined) {
    if (!('rawHeaders' in req)) throw new TypeError(NO_NODE_REQUEST)
    // Express changes `url` below a mount point and keeps the original.
    const target = 'originalUrl' in req && typeof req.originalUrl === 'string' ? req.originalUrl : req.url
    state = new RequestState(incomingMessageRequest(req, target))
    states.keep(req, state)
  }
  return state
}

const NO_NODE_REQUEST =
  'a middleware of @kube-authn/express was called without a request of Node: for Hono use @kube-authn/hono, and for Koa @kube-authn/koa'

/** The state of a request, without creating it. */
export function knownOf(req: IncomingMessage): Partial<RequestState> {
  return states.of(req) ?? {}
}

/** Sets the user of the request, also as `req.user`. */
export function setAuthentication(
  req: IncomingMessage & { user?: UserInfo | null },
  authentication: Authentication,
  log?: Log,
): void {
  const state = stateOf(req)
  const isFirst = state.authentication === undefined && state.held === undefined
  if (isFirst && req.user !== undefined && req.user !== null) advise(log, 'userReplaced', 'req.user')
  state.authentication = authentication
  state.held = undefined
  req.user = authentication.user
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
