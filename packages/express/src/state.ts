import type { IncomingMessage } from 'node:http'
import type { Authentication, AuthenticationRequest } from '@kube-authn/core'
import { incomingMessageRequest } from '@kube-authn/core/incoming-message'

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
const STATE: unique symbol = Symbol.for('@kube-authn/express/state@1')

/** What is known of a request, which may be nothing yet. */
export function stateOf(req: IncomingMessage & { readonly [STATE]?: RequestState }): RequestState {
  let state = req[STATE]
  if (state === undefined) {
    state = { request: incomingMessageRequest(req, originalUrlOf(req)) }
    Object.defineProperty(req, STATE, { value: state })
  }
  return state
}

/** Makes this the user of the request, as `req.user` too. */
export function setAuthentication(req: IncomingMessage, authentication: Authentication): void {
  stateOf(req).authentication = authentication
  Object.assign(req, { user: authentication.user })
}

/** Express changes `url` below a mount point and keeps what was sent. */
function originalUrlOf(req: IncomingMessage): string | undefined {
  return 'originalUrl' in req && typeof req.originalUrl === 'string' ? req.originalUrl : req.url
}
