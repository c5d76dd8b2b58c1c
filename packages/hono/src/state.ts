import {
  applyHeaderChanges,
  fetchRequest,
  incomingMessageRequest,
  type NodeRequest,
  type StatusError,
  withHeaderChanges,
} from '@kube-authn/core/adapter'
import {
  advise,
  type AuthenticatedRequest,
  type AuthenticateRequestContext,
  type HeldRequest,
  isImpersonationDecided,
  type RequestStates,
  requestStates,
  type Users,
} from '@kube-authn/core/internal'
import type {
  Authentication,
  AuthenticationRequest,
  HeaderChanges,
  RequestHeaders,
  UserInfo,
} from '@kube-authn/core'
import type { Context } from 'hono'
import { clientOf, nodeRequestOf, untouchedByApp } from './client.ts'
import { impersonationFollows } from './impersonation-follows.ts'

/** What the middlewares set in a context: `c.var.user`, `c.var.authentication`. */
export interface AuthenticationEnv {
  Variables: {
    user: UserInfo
    authentication: Authentication
  }
}

/** The middlewares' state of a request, with the lifetime of the context. */
export class RequestState {
  /** The same object for all middlewares: observers correlate events by it. */
  readonly request: AuthenticationRequest
  /** Node's request behind the context, on `@hono/node-server`. */
  readonly incoming: NodeRequest | undefined
  /** Set if the request asks to impersonate a user, until that is granted. */
  held: HeldRequest | undefined = undefined
  /** The latest outcome of `authentication`, if it accepted the request. */
  accepted?: AuthenticatedRequest

  constructor(c: Context) {
    this.incoming = nodeRequestOf(c)
    this.request =
      this.incoming === undefined ? new CurrentFetchRequest(c) : new NodeServerRequest(c, this.incoming)
  }
}

/** The number is the version of {@link RequestState}. */
const states: RequestStates<RequestState> = requestStates('hono/state@4')

/** Requests of Node that asked to impersonate: a mounted app has its own context, and the headers have already been removed there. */
const askedToImpersonate: RequestStates<RequestState> = requestStates('hono/askedToImpersonate@2')

function keepAsked(state: RequestState): void {
  if (state.incoming !== undefined) askedToImpersonate.keep(state.incoming, state)
}

/** The state of a request, created if needed. */
export function stateOf(c: Context): RequestState {
  let state = states.of(c)
  if (state === undefined) {
    requireContext(c)
    state = new RequestState(c)
    states.keep(c, state)
  }
  return state
}

/** @throws {TypeError} if the caller is not Hono. */
function requireContext(c: unknown): void {
  const req: unknown = typeof c === 'object' && c !== null && 'req' in c ? c.req : undefined
  if (typeof req === 'object' && req !== null && 'raw' in req) return
  throw new TypeError(
    'a middleware of @kube-authn/hono was called without a context of Hono: for Express use @kube-authn/express, and for Koa @kube-authn/koa',
  )
}

/** The context of a request for `authenticateRequest`. */
export class RequestContext implements AuthenticateRequestContext {
  readonly #c: Context
  readonly #isLast: boolean

  /** @param isLast whether no middleware comes after the calling one. */
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

  get accepted(): AuthenticatedRequest | undefined {
    return stateOf(this.#c).accepted
  }

  get askedToImpersonate(): boolean {
    const { held, incoming } = stateOf(this.#c)
    return (
      isImpersonationDecided(authenticationOf(this.#c), held) ||
      (incoming !== undefined && askedToImpersonate.of(incoming) !== undefined)
    )
  }
}

/** The authentication of the request, if known yet. */
export function authenticationOf(c: Context): Authentication | undefined {
  // Not `c.var`, which copies all variables each time.
  return (c as Context<{ Variables: Partial<AuthenticationEnv['Variables']> }>).get('authentication')
}

/** The users of requests, for the decisions of the core. */
export const users: Users<Context> = {
  stateOf,
  authenticationOf,
  setAuthentication(c, authentication, log) {
    const state = stateOf(c)
    const user: unknown = c.get('user')
    const isFirst = state.held === undefined && authenticationOf(c) === undefined
    if (isFirst && user !== undefined && user !== null) advise(log, 'KUBE_AUTHN_USER_REPLACED', 'c.var.user')
    state.held = undefined
    if (authentication.requester !== undefined) keepAsked(state)
    c.set('user', authentication.user)
    c.set('authentication', authentication)
  },
  hold(c, held) {
    const state = stateOf(c)
    state.held = held
    if (held.caller === undefined) keepAsked(state)
    c.set('user', undefined)
    c.set('authentication', undefined)
  },
}

/** Changes the headers that the application sees. */
export function changeHeaders(c: Context, changes: HeaderChanges): void {
  const { incoming } = stateOf(c)
  if (incoming !== undefined) {
    // A header that Node's request lacks is also missing in the Fetch request made from it.
    if (!applyHeaderChanges(incoming, changes)) return
    // A Fetch request whose headers were not read yet is created from Node's request when first read.
    if (untouchedByApp(c.req.raw)) return
  }
  // The changes themselves and not the names found: a twin removed by name alone stands for its header.
  c.req.raw = withHeaderChanges(c.req.raw, changes)
}

/**
 * A Fetch request may be replaced by one with other headers, and removed headers must not reappear. This and the next are classes: an object with its
 * own getters is slower to create than all its reads.
 */
class CurrentFetchRequest implements AuthenticationRequest {
  readonly #c: Context
  /** The connection as Cloudflare sees it, even if the request is replaced. */
  readonly #original: AuthenticationRequest

  constructor(c: Context) {
    this.#c = c
    this.#original = fetchRequest(c.req.raw)
  }

  host(): string | undefined {
    return this.#original.host?.()
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

/** Node's request, with the method that Hono uses: `methodOverride` changes that of a POST. */
class NodeServerRequest implements AuthenticationRequest {
  readonly httpVersionMajor: number
  readonly refusal: StatusError | undefined
  readonly #c: Context
  readonly #received: AuthenticationRequest

  constructor(c: Context, incoming: NodeRequest) {
    this.#c = c
    this.httpVersionMajor = incoming.httpVersionMajor
    this.#received = incomingMessageRequest(incoming, undefined, this)
    this.refusal = this.#received.refusal
  }

  /** Whether a header that Node received counts: not if an earlier middleware removed it from the Fetch request. */
  has(name: string): boolean {
    const { raw } = this.#c.req
    // HTTP/2 pseudo-headers are invalid header names for Fetch, which throws.
    return name.startsWith(':') || untouchedByApp(raw) || raw.headers.has(name)
  }

  get headers(): RequestHeaders {
    return this.#received.headers
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
