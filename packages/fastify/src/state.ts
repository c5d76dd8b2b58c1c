import { incomingMessageRequest } from '@kube-authn/core/adapter'
import {
  type NodeUsers,
  RequestState,
  type RequestStates,
  requestStates,
  usersAsProperty,
} from '@kube-authn/core/internal'
import type { FastifyRequest } from 'fastify'

/** The used part of a request. */
export type RawRequest = Pick<FastifyRequest, 'raw' | 'originalUrl'>

/** The number is the version of {@link RequestState}. */
const states: RequestStates<RequestState> = requestStates('fastify/state@2')

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

/** The users of requests, also as `request.user`. */
export const users: NodeUsers<FastifyRequest> = usersAsProperty(stateOf, 'request.user')

/** Decorates the requests of scopes in which `impersonation` is registered; Fastify passes it on to inner scopes. */
export const IMPERSONATED_SCOPE: unique symbol = Symbol.for('@kube-authn/fastify/impersonates')

/** Whether impersonation is registered in the scope of a request. */
export function impersonatesInScopeOf(request: FastifyRequest): boolean {
  return IMPERSONATED_SCOPE in request && request[IMPERSONATED_SCOPE] === true
}
