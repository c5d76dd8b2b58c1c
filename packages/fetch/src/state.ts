import {
  applyHeaderChanges,
  clientContext,
  fetchRequest,
  incomingMessageRequest,
  type NodeRequest,
  type StatusError,
  withHeaderChanges,
} from '@kube-authn/core/adapter'
import {
  type AuthenticatedRequest,
  type AuthenticateRequestContext,
  type HeldRequest,
  isImpersonationDecided,
  type RequestStates,
  requestStates,
  type Users,
} from '@kube-authn/core/internal'
import type { Authentication, AuthenticationRequest, HeaderChanges, RequestHeaders } from '@kube-authn/core'
import { type NodeConnection, nodeConnectionOf } from './node-connection.ts'

/** What the wrappers know of a request and of its copies. */
export class RequestState {
  /** The same object for all wrappers: observers correlate events by it. */
  readonly request: AuthenticationRequest
  readonly connection: NodeConnection | undefined
  /** The request with the latest headers: a copy where the runtime makes headers immutable. */
  current: Request
  authentication: Authentication | undefined = undefined
  /** Set if the request asks to impersonate a user, until that is granted. */
  held: HeldRequest | undefined = undefined
  /** The latest outcome of `withAuthentication`, if it accepted the request. */
  accepted?: AuthenticatedRequest

  constructor(request: Request, connection: NodeConnection | undefined) {
    this.current = request
    this.connection = connection
    this.request =
      connection === undefined ? new FetchedRequest(this) : new ReceivedRequest(this, connection.incoming)
  }
}

/** The number is the version of {@link RequestState}. */
const states: RequestStates<RequestState> = requestStates('fetch/state@2')

/**
 * The state of a request, created if needed.
 *
 * @param rest the further arguments of the handler.
 */
export function stateOf(request: Request, rest: readonly unknown[]): RequestState {
  let state = states.of(request)
  if (state === undefined) {
    state = new RequestState(request, nodeConnectionOf(request, rest))
    states.keep(request, state)
  }
  return state
}

/** The state of a request, without creating it. */
export function knownOf(request: Request): Partial<RequestState> {
  return states.of(request) ?? {}
}

/** The users of requests, for the decisions of the core. */
export const users: Users<RequestState> = {
  stateOf: (state) => state,
  authenticationOf: (state) => state.authentication,
  setAuthentication(state, authentication) {
    state.authentication = authentication
    state.held = undefined
  },
  hold(state, held) {
    state.authentication = undefined
    state.held = held
  },
}

/** The request with changed headers. If it is a copy, it has the same state. */
export function changeHeaders<Req extends Request>(
  state: RequestState,
  request: Req,
  changes: HeaderChanges,
): Req {
  if (state.connection !== undefined) applyHeaderChanges(state.connection.incoming, changes)
  const changed = withoutHeaders(request, changes)
  state.current = changed
  if (changed !== request) states.keep(changed, state)
  return changed
}

/** The context of a request for `authenticateRequest`. */
export class DecisionContext implements AuthenticateRequestContext {
  readonly impersonates: boolean
  readonly #state: RequestState

  constructor(state: RequestState, impersonates: boolean) {
    this.#state = state
    this.impersonates = impersonates
  }

  get signal(): AbortSignal {
    return clientOf(this.#state).signal
  }

  get accepted(): AuthenticatedRequest | undefined {
    return this.#state.accepted
  }

  get askedToImpersonate(): boolean {
    return isImpersonationDecided(this.#state.authentication, this.#state.held)
  }
}

/** A context with a `signal` that is aborted if the client disconnects before the response, if the runtime supports it. */
export function clientOf<T extends object = object>(
  { connection, current }: RequestState,
  given?: T,
): T & { readonly signal: AbortSignal } {
  return connection === undefined
    ? Object.assign({ signal: current.signal }, given)
    : clientContext(connection.incoming, connection.outgoing, given)
}

/** Method and target are those that the handler sees. Headers may change, and removed ones must not reappear. */
class FetchedRequest implements AuthenticationRequest {
  readonly #state: Pick<RequestState, 'current'>
  readonly #first: AuthenticationRequest

  constructor(state: Pick<RequestState, 'current'>) {
    this.#state = state
    this.#first = fetchRequest(state.current)
  }

  get method(): string {
    return this.#first.method
  }

  get path(): string {
    return this.#first.path
  }

  get query(): string {
    return this.#first.query
  }

  get headers(): RequestHeaders {
    return fetchRequest(this.#state.current).headers
  }

  host(): string | undefined {
    return this.#first.host?.()
  }

  tlsClientAuth(): unknown {
    return this.#first.tlsClientAuth?.()
  }
}

/** The same, with headers exactly as Node received them, and with its connection. */
class ReceivedRequest extends FetchedRequest {
  readonly httpVersionMajor: number
  readonly refusal: StatusError | undefined
  readonly #received: AuthenticationRequest

  constructor(state: Pick<RequestState, 'current'>, incoming: NodeRequest) {
    super(state)
    this.httpVersionMajor = incoming.httpVersionMajor
    this.#received = incomingMessageRequest(incoming, undefined, {
      // Not if an earlier handler removed it. Names of HTTP/2 pseudo-headers are invalid for Fetch, which throws.
      has: (name) => name.startsWith(':') || state.current.headers.has(name),
    })
    this.refusal = this.#received.refusal
  }

  override get headers(): RequestHeaders {
    return this.#received.headers
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

/**
 * The request with changed headers: the same one if its headers are mutable, otherwise a copy of the same class.
 *
 * @throws {TypeError} if it cannot be copied, since its body was read or its class is made in another way.
 */
function withoutHeaders<Req extends Request>(request: Req, changes: HeaderChanges): Req {
  const changed = withHeaderChanges(request, changes)
  if (isOfClassOf(request, changed)) return changed
  // Such as `NextRequest`, whose constructor takes a request.
  const copy: unknown = Reflect.construct(request.constructor, [changed])
  if (isOfClassOf(request, copy)) return copy
  throw new TypeError('the headers of the request are immutable, and its class does not copy a request')
}

function isOfClassOf<Req extends Request>(request: Req, other: unknown): other is Req {
  return (
    typeof other === 'object' &&
    other !== null &&
    Object.getPrototypeOf(other) === Object.getPrototypeOf(request)
  )
}
