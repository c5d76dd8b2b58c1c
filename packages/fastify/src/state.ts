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
import type { FastifyReply, FastifyRequest } from 'fastify'

/** The used part of a request. */
export type RawRequest = Pick<FastifyRequest, 'raw' | 'originalUrl'>

/** The hooks' state of a request, with the lifetime of the request. */
export class RequestState {
  /** The same object for all hooks: observers correlate events by it. */
  readonly request: AuthenticationRequest
  authentication: Authentication | undefined = undefined
  /** Set if the request asks to impersonate a user, until that is granted. */
  held: HeldRequest | undefined = undefined

  constructor(request: AuthenticationRequest) {
    this.request = request
  }
}

/** The number is the version of {@link RequestState}. */
const states: RequestStates<RequestState> = requestStates('fastify/state@1')

/** The state of a request, created if needed. */
export function stateOf(request: RawRequest): RequestState {
  const { raw, originalUrl } = request
  let state = states.of(raw)
  if (state === undefined) {
    // The router may have got another path, by `rewriteUrl`.
    state = new RequestState(incomingMessageRequest(raw, originalUrl, undefined, request))
    states.keep(raw, state)
  }
  return state
}

/** The state of a request, without creating it. */
export function knownOf({ raw }: { readonly raw: object }): Partial<RequestState> {
  return states.of(raw) ?? {}
}

/** Sets the user of the request, also as `request.user`. */
export function setAuthentication(
  request: RawRequest & { user?: UserInfo | null },
  authentication: Authentication,
  log?: Log,
): void {
  const state = stateOf(request)
  const isFirst = state.authentication === undefined && state.held === undefined
  if (isFirst && request.user !== undefined && request.user !== null)
    advise(log, 'userReplaced', 'request.user')
  state.authentication = authentication
  state.held = undefined
  request.user = authentication.user
}

/** Removes the user of a request, and holds it. */
export function hold(request: RawRequest, held: HeldRequest): void {
  const state = stateOf(request)
  state.authentication = undefined
  state.held = held
  if ('user' in request) Object.assign(request, { user: undefined })
}

/** The context of a request for `authenticateRequest`. */
export class RequestContext implements AuthenticateRequestContext {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.#request = request
    this.#reply = reply
  }

  get impersonates(): boolean {
    return impersonatesInScopeOf(this.#request)
  }

  get signal(): AbortSignal {
    return clientContext(this.#request.raw, this.#reply.raw).signal
  }

  get askedToImpersonate(): boolean {
    const { authentication, held } = stateOf(this.#request)
    return authentication?.requester !== undefined || (held !== undefined && held.caller === undefined)
  }
}

/** Decorates the requests of scopes in which `impersonation` is registered; Fastify passes it on to inner scopes. */
export const IMPERSONATED_SCOPE: unique symbol = Symbol.for('@kube-authn/fastify/impersonates')

function impersonatesInScopeOf(request: FastifyRequest): boolean {
  return IMPERSONATED_SCOPE in request && request[IMPERSONATED_SCOPE] === true
}
