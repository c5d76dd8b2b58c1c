import type { IncomingMessage } from 'node:http'
import type { Authentication, AuthenticationRequest } from '@kube-authn/core'
import { incomingMessageRequest } from '@kube-authn/core/incoming-message'

/** What the middlewares know of a request. It lives as long as the request. */
export interface RequestState {
  /** The same for all middlewares: by it an observer tells which events belong together. */
  readonly request: AuthenticationRequest
  authentication?: Authentication
}

const states = new WeakMap<IncomingMessage, RequestState>()

/** What is known of a request, which may be nothing yet. */
export function stateOf(req: IncomingMessage): RequestState {
  let state = states.get(req)
  if (state === undefined) {
    requireNodeRequest(req)
    state = { request: incomingMessageRequest(req, originalUrlOf(req)) }
    states.set(req, state)
  }
  return state
}

/** What is known of who makes the request, which may be nothing yet. */
export function authenticationOf(req: IncomingMessage): Authentication | undefined {
  return states.get(req)?.authentication
}

/** @throws {TypeError} when something else calls the middleware than Express and what calls as it does. */
function requireNodeRequest(req: unknown): void {
  if (typeof req === 'object' && req !== null && 'rawHeaders' in req) return
  throw new TypeError(
    'a middleware of @kube-authn/express was called without a request of Node: for Hono use @kube-authn/hono, and for Koa @kube-authn/koa',
  )
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
