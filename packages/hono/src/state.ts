import {
  type Authentication,
  type AuthenticationRequest,
  fetchRequest,
  type HeaderChanges,
  type UserInfo,
  withHeaderChanges,
} from '@kube-authn/core'
import {
  applyHeaderChanges,
  incomingMessageRequest,
  type NodeRequest,
} from '@kube-authn/core/incoming-message'
import type { Context } from 'hono'
import { nodeRequestOf } from './node-server.ts'

/** What the middlewares set in a context: `c.var.user`, `c.var.authentication`. */
export interface AuthenticationEnv {
  Variables: {
    user: UserInfo
    authentication: Authentication
  }
}

const requests = new WeakMap<Context, AuthenticationRequest>()

/** The request of a context, the same for all middlewares: by it an observer tells which events belong together. */
export function requestOf(c: Context): AuthenticationRequest {
  let request = requests.get(c)
  if (request === undefined) {
    requireContext(c)
    const incoming = nodeRequestOf(c)
    request = incoming === undefined ? currentFetchRequest(c) : nodeServerRequest(c, incoming)
    requests.set(c, request)
  }
  return request
}

/** @throws {TypeError} when something else calls the middleware than Hono. */
function requireContext(c: unknown): void {
  const req: unknown = typeof c === 'object' && c !== null && 'req' in c ? c.req : undefined
  if (typeof req === 'object' && req !== null && 'raw' in req) return
  throw new TypeError(
    'a middleware of @kube-authn/hono was called without a context of Hono: for Express use @kube-authn/express, and for Koa @kube-authn/koa',
  )
}

/** Makes this the user of the request. */
export function setAuthentication(c: Context, authentication: Authentication): void {
  c.set('user', authentication.user)
  c.set('authentication', authentication)
}

/** What is known of who makes the request, which may be nothing yet. */
export function authenticationOf(c: Context): Authentication | undefined {
  return (c.var as Partial<AuthenticationEnv['Variables']>).authentication
}

/** Changes the headers that the application sees. */
export function changeHeaders(c: Context, changes: HeaderChanges): void {
  const incoming = nodeRequestOf(c)
  // What Node has not got, the request made from it has not got either.
  const present = incoming === undefined ? changes : applyHeaderChanges(incoming, changes)
  if (incoming === undefined || present.remove.length > 0 || present.replace !== undefined) {
    c.req.raw = withHeaderChanges(c.req.raw, present)
  }
}

/** A Fetch request may be replaced by one with other headers, and what was removed must not be seen again. */
function currentFetchRequest(c: Context): AuthenticationRequest {
  // What Cloudflare saw of the connection, whatever becomes of the request.
  const original = fetchRequest(c.req.raw)
  return {
    tlsClientAuth: () => original.tlsClientAuth?.(),
    get method() {
      return c.req.raw.method
    },
    get path() {
      return fetchRequest(c.req.raw).path
    },
    get query() {
      return fetchRequest(c.req.raw).query
    },
    get headers() {
      return fetchRequest(c.req.raw).headers
    },
  }
}

/** What Node received, with the method that Hono goes by: `methodOverride` makes another one of a POST. */
function nodeServerRequest(c: Context, incoming: NodeRequest): AuthenticationRequest {
  const received = incomingMessageRequest(incoming)
  return {
    headers: received.headers,
    httpVersionMajor: incoming.httpVersionMajor,
    peerCertificates: () => received.peerCertificates?.() ?? [],
    get method() {
      return c.req.raw.method
    },
    get path() {
      return received.path
    },
    get query() {
      return received.query
    },
  }
}
