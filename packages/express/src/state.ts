import type { IncomingMessage } from 'node:http'
import { incomingMessageRequest } from '@kube-authn/core/adapter'
import {
  type NodeUsers,
  RequestState,
  type RequestStates,
  requestStates,
  usersAsProperty,
} from '@kube-authn/core/internal'

/** The number is the version of {@link RequestState}. */
const states: RequestStates<RequestState> = requestStates('express/state@4')

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

/** The users of requests, also as `req.user`. */
export const users: NodeUsers<IncomingMessage> = usersAsProperty(stateOf, 'req.user')
