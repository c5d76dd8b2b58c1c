import type {
  AuthenticateRequestContext,
  Authentication,
  AuthenticationRequest,
  HeaderChanges,
  RequestHeaders,
  StatusError,
  UserInfo,
} from '@kube-authn/core'
import type { NodeRequest } from '@kube-authn/core/incoming-message'
import type { Context } from 'hono'
import {
  applyHeaderChanges,
  fetchRequest,
  incomingMessageRequest,
  withHeaderChanges,
  warnReplacedUser,
} from '@kube-authn/core/adapter'
import { clientOf } from './client.ts'
import { impersonationFollows } from './impersonation-follows.ts'
import { nodeRequestOf, untouchedByApp } from './node-server.ts'

/** What the middlewares set in a context: `c.var.user`, `c.var.authentication`. */
export interface AuthenticationEnv {
  Variables: {
    user: UserInfo
    authentication: Authentication
  }
}

/** What the middlewares know of a request. It lives as long as the context. */
export class RequestState {
  /** The same for all middlewares: by it an observer tells which events belong together. */
  readonly request: AuthenticationRequest
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
const STATE: unique symbol = Symbol.for('@kube-authn/hono/state@1')

/** Set on the request of Node's: an app that is mounted in another one has a context of its own, and the headers are gone there. */
const ASKED: unique symbol = Symbol.for('@kube-authn/hono/askedToImpersonate')

function keepAsked(c: Context): void {
  const incoming = nodeRequestOf(c)
  if (incoming !== undefined) Object.defineProperty(incoming, ASKED, { value: true })
}

/** What is known of a request, which may be nothing yet. */
export function stateOf(c: Context & { readonly [STATE]?: RequestState }): RequestState {
  let state = c[STATE]
  if (state === undefined) {
    requireContext(c)
    const incoming = nodeRequestOf(c)
    state = new RequestState(
      incoming === undefined ? new CurrentFetchRequest(c) : new NodeServerRequest(c, incoming),
    )
    // Not assigned, which would be quicker: it must not show in the request.
    Object.defineProperty(c, STATE, { value: state })
  }
  return state
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
  const state = stateOf(c)
  if (state.held === undefined && authenticationOf(c) === undefined && hasUser(c))
    warnReplacedUser('c.var.user')
  state.held = undefined
  if (authentication.requester !== undefined) keepAsked(c)
  c.set('user', authentication.user)
  c.set('authentication', authentication)
}

function hasUser(c: Context): boolean {
  const user: unknown = c.get('user')
  return user !== undefined && user !== null
}

/** Takes the user from a request that is held. */
export function hold(c: Context, held: HeldRequest): void {
  stateOf(c).held = held
  if (held.caller === undefined) keepAsked(c)
  c.set('user', undefined)
  c.set('authentication', undefined)
}

/** What `authenticateRequest` may ask about a request. */
export class RequestContext implements AuthenticateRequestContext {
  readonly #c: Context
  readonly #isLast: boolean

  /** @param isLast whether no other middleware is called after the one that asks. */
  constructor(c: Context, isLast: boolean) {
    this.#c = c
    this.#isLast = isLast
  }

  get impersonates(): boolean {
    return !this.#isLast && impersonationFollows(this.#c)
  }

  get signal(): AbortSignal {
    return clientOf(this.#c).signal
  }

  get askedToImpersonate(): boolean {
    const { held } = stateOf(this.#c)
    const incoming = nodeRequestOf(this.#c)
    return (
      authenticationOf(this.#c)?.requester !== undefined ||
      (held !== undefined && held.caller === undefined) ||
      (incoming !== undefined && ASKED in incoming)
    )
  }
}

/** What is known of who makes the request, which may be nothing yet. */
export function authenticationOf(c: Context): Authentication | undefined {
  // Not of `c.var`, which is a copy of all variables each time.
  return (c as Context<{ Variables: Partial<AuthenticationEnv['Variables']> }>).get('authentication')
}

/** Changes the headers that the application sees. */
export function changeHeaders(c: Context, changes: HeaderChanges): void {
  const incoming = nodeRequestOf(c)
  if (incoming !== undefined) {
    const { remove, replace } = applyHeaderChanges(incoming, changes)
    // What Node has not got, the request made from it has not got either.
    if (remove.length === 0 && replace === undefined) return
    // What nothing has looked at is made from what Node has got when it is first read.
    if (untouchedByApp(c.req.raw)) return
  }
  // The changes themselves, and not the names that were found: a twin stands for its header where it is named alone.
  c.req.raw = withHeaderChanges(c.req.raw, changes)
}

/**
 * A Fetch request may be replaced by one with other headers, and what was removed must not be seen again. A class, and so is the next: an
 * object with getters of its own costs more than all that is asked of it.
 */
class CurrentFetchRequest implements AuthenticationRequest {
  readonly #c: Context
  /** What Cloudflare saw of the connection, whatever becomes of the request. */
  readonly #original: AuthenticationRequest

  constructor(c: Context) {
    this.#c = c
    this.#original = fetchRequest(c.req.raw)
  }

  tlsClientAuth(): unknown {
    return this.#original.tlsClientAuth?.()
  }

  get method(): string {
    return this.#c.req.raw.method
  }

  get path(): string {
    return fetchRequest(this.#c.req.raw).path
  }

  get query(): string {
    return fetchRequest(this.#c.req.raw).query
  }

  get headers(): RequestHeaders {
    return fetchRequest(this.#c.req.raw).headers
  }
}

/** What Node received, with the method that Hono goes by: `methodOverride` makes another one of a POST. */
class NodeServerRequest implements AuthenticationRequest {
  readonly httpVersionMajor: number
  readonly #c: Context
  readonly #received: AuthenticationRequest

  constructor(c: Context, incoming: NodeRequest) {
    this.#c = c
    this.httpVersionMajor = incoming.httpVersionMajor
    this.#received = incomingMessageRequest(incoming, undefined, this)
  }

  /** Whether a header counts that Node received: not one that an earlier middleware took out of the Fetch request. */
  has(name: string): boolean {
    const { raw } = this.#c.req
    // The fields that HTTP/2 has in the place of a request line are no headers to Fetch, and it throws at their names.
    return name.startsWith(':') || untouchedByApp(raw) || raw.headers.has(name)
  }

  get headers(): RequestHeaders {
    return this.#received.headers
  }

  get refusal(): StatusError | undefined {
    return this.#received.refusal
  }

  get method(): string {
    return this.#c.req.raw.method
  }

  get path(): string {
    return this.#received.path
  }

  get query(): string {
    return this.#received.query
  }

  remoteAddress(): string | undefined {
    return this.#received.remoteAddress?.()
  }

  peerCertificates(): readonly Uint8Array[] {
    return this.#received.peerCertificates?.() ?? []
  }

  requestsCertificate(): boolean | undefined {
    return this.#received.requestsCertificate?.()
  }
}
