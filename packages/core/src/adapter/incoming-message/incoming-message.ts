import { StatusError } from '../../authenticator/status.ts'
import { targetOf } from '../../request/fetch-request.ts'
import { ExactHeaders, type HeadersView } from '../../request/headers/exact.ts'
import type { AuthenticationRequest, RequestHeaders } from '../../request/request.ts'
import { hasCompleteFields, type NodeRequest } from './node-request.ts'
import { peerCertificatesOf, requestsCertificateOf } from './peer-certificates.ts'

/**
 * A request of Node's `http`, `https` or `http2` as an {@link AuthenticationRequest}, with its headers exactly as sent and the
 * certificates its peer presented. The certificates are read on first access, once for each connection.
 *
 * - A header that an application deleted from `headers` is ignored; the others have the values that were sent.
 * - A request of which Node dropped headers is a 431: all handlers, such as `authenticateRequest`, refuse it, and reading `headers` throws.
 *
 * @param target the request target, if a framework rewrote `url`, such as `originalUrl` of Express.
 * @param view another object from which an application may delete headers, besides the `headers` of the message.
 * @param shown the request or context of a framework, if its `ip` is the address of the client. Express has it on the message.
 * @example
 * const outcome = await authenticate(incomingMessageRequest(req))
 */
export function incomingMessageRequest(
  message: NodeRequest,
  target?: string,
  view?: HeadersView,
  shown: object = message,
): AuthenticationRequest {
  return isCut(message)
    ? new CutRequest(message, target, shown)
    : new IncomingMessageRequest(message, target, view, shown)
}

/** Whether a value is a request of Node. It is recognised by its members, not by its class: HTTP/2 and mocks have others. */
export function isNodeRequest(value: unknown): value is NodeRequest {
  return (
    typeof value === 'object' && value !== null && 'rawHeaders' in value && Array.isArray(value.rawHeaders)
  )
}

class IncomingMessageRequest implements AuthenticationRequest {
  readonly headers: RequestHeaders
  readonly httpVersionMajor: number
  readonly #message: NodeRequest
  readonly #target: string | undefined
  readonly #shown: object

  constructor(
    message: NodeRequest,
    target: string | undefined,
    view: HeadersView | undefined,
    shown: object,
  ) {
    this.#message = message
    this.#shown = shown
    this.#target = target
    this.httpVersionMajor = message.httpVersionMajor
    const isComplete = message.httpVersionMajor < 2 || hasCompleteFields(message)
    // The message itself is where the application sees its headers. Node makes them on first access, which happens in its own servers anyway.
    this.headers = new ExactHeaders(message.rawHeaders, undefined, isComplete, message, view)
  }

  get method(): string {
    return this.#message.method ?? 'GET'
  }

  get path(): string {
    return receivedTarget(this.#target ?? this.#message.url ?? '/').path
  }

  get query(): string {
    return receivedTarget(this.#target ?? this.#message.url ?? '/').query
  }

  remoteAddress(): string | undefined {
    return remoteAddressOf(this.#message)
  }

  clientAddress(): string | undefined {
    return reportedAddressOf(this.#shown) ?? remoteAddressOf(this.#message)
  }

  peerCertificates(): readonly Uint8Array[] {
    return peerCertificatesOf(this.#message)
  }

  requestsCertificate(): boolean | undefined {
    return requestsCertificateOf(this.#message)
  }
}

/**
 * A request of which Node dropped headers. The remaining headers are not accessible: without `Impersonate-*` headers, for example, the
 * wrong user would be authenticated.
 *
 * Source: RFC 6585 section 5; Node responds the same way to headers that are too large.
 */
class CutRequest implements AuthenticationRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly httpVersionMajor: number
  readonly refusal: StatusError = new StatusError({
    status: 431,
    reason: 'RequestHeaderFieldsTooLarge',
    message: 'The request has more header fields than this server reads',
  })

  readonly #message: NodeRequest
  readonly #shown: object

  constructor(message: NodeRequest, target: string | undefined, shown: object) {
    this.#message = message
    this.#shown = shown
    this.method = message.method ?? 'GET'
    this.httpVersionMajor = message.httpVersionMajor
    const { path, query } = receivedTarget(target ?? message.url ?? '/')
    this.path = path
    this.query = query
  }

  remoteAddress(): string | undefined {
    return remoteAddressOf(this.#message)
  }

  clientAddress(): string | undefined {
    return reportedAddressOf(this.#shown) ?? remoteAddressOf(this.#message)
  }

  get headers(): never {
    throw this.refusal
  }
}

/** The members of a Node socket that limit the number of headers. */
interface LimitedSocket {
  /** How many elements of `rawHeaders` the parser of the connection keeps; 0 or less: all. */
  readonly parser?: { readonly maxHeaderPairs?: number } | null
  readonly server?: { readonly maxHeadersCount?: number | null } | null
}

/** Node's default limit: 1,000 headers. */
const DEFAULT_ELEMENTS = 2000

/** A property of requests whose headers were cut: if some are removed later, the rest would look complete. Also for objects that stand for the request, such as a `Proxy`. */
const CUT: unique symbol = Symbol.for('@kube-authn/cutHeaders')

/**
 * Whether Node may have dropped headers of a request, which it does silently: until 22.23, 24.21 and 26 its HTTP/1 parser drops headers
 * beyond `server.maxHeadersCount`, 1,000 by default. If `Impersonate-User` were among them, a client that impersonates would act as
 * itself.
 *
 * The parser reads headers in batches and drops every batch after the limit is reached, so `rawHeaders` reaches the limit if a header is
 * missing. A request with exactly as many headers as the limit counts as cut too.
 *
 * Deviation: Go limits the size only (`docs/deviations.md`, number of headers; size of headers).
 */
function isCut(message: NodeRequest): boolean {
  if (message.httpVersionMajor > 1) return false
  const { rawHeaders, socket }: { readonly rawHeaders?: readonly string[]; readonly socket?: unknown } =
    message
  const length = rawHeaders?.length ?? 0
  const { parser, server }: LimitedSocket = typeof socket === 'object' && socket !== null ? socket : NO_SOCKET
  const parsed = parser?.maxHeaderPairs ?? 0
  const count = server?.maxHeadersCount
  // As Node computes it: anything but a number means the default.
  const served = typeof count === 'number' ? count << 1 : DEFAULT_ELEMENTS
  // Both limits are checked, since either may have changed since the request was read: parsers are reused, servers can be reconfigured.
  if ((parsed > 0 && length >= parsed) || (served > 0 && length >= served)) {
    Object.defineProperty(message, CUT, { value: true })
    return true
  }
  return CUT in message
}

const NO_SOCKET: LimitedSocket = Object.freeze({})

/** The accepted prefix of an absolute target: `http` or `https`, a host and a port, and nothing else. */
const PLAIN_ORIGIN = /^https?:\/\/(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?(?=[/?]|$)/i

/**
 * Path and query of a request target as Node received it.
 *
 * Node accepts malformed targets, and routers parse their path differently: in `http://h:a/b` Express and Koa see `/:a/b`, and in
 * `//a@h/b#` they see `/b`. If a target may be ambiguous, all of it is the path. Such a path has a fragment or does not start with a slash,
 * so it matches no configured path, and `isAmbiguousPath` recognises it.
 *
 * Source: RFC 9112 section 3.2. Go responds with 400 to a target with an invalid host.
 *
 * Deviation: a target without a path is `/`, as in routers; one with a user or another scheme meets no condition; other malformed
 * requests are not refused (`docs/deviations.md`, request targets; syntax of requests; syntax over HTTP/2).
 */
function receivedTarget(target: string): { readonly path: string; readonly query: string } {
  return isReadable(target) ? targetOf(target) : { path: target, query: '' }
}

function isReadable(target: string): boolean {
  if (/[#\s]/.test(target)) return false
  return target.startsWith('/') || !target.includes('://') || PLAIN_ORIGIN.test(target)
}

/** The peer address of a request; `undefined` if there is none, as on a Unix socket or a closed connection. */
function remoteAddressOf({ socket }: NodeRequest): string | undefined {
  if (typeof socket !== 'object' || socket === null) return undefined
  // The socket of an HTTP/2 request is a proxy that throws after the real socket is gone.
  try {
    const address: unknown = Reflect.get(socket, 'remoteAddress')
    return typeof address === 'string' ? address : undefined
  } catch {
    return undefined
  }
}

/** The address of the client as a framework reports it in `ip`: Express on the request of Node, others on an object of their own. */
function reportedAddressOf(shown: object): string | undefined {
  try {
    const address: unknown = Reflect.get(shown, 'ip')
    return typeof address === 'string' ? address : undefined
  } catch {
    return undefined
  }
}
