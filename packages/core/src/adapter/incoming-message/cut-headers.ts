import type { NodeRequest } from './node-request.ts'

/** The members of a Node socket that limit the number of headers. */
interface LimitedSocket {
  /** How many elements of `rawHeaders` the parser of the connection keeps; 0 or less: all. */
  readonly parser?: { readonly maxHeaderPairs?: number } | null
  readonly server?: { readonly maxHeadersCount?: number | null } | null
}

/** Node's default limit: 1,000 headers. */
const DEFAULT_ELEMENTS = 2000

/** Marks a request whose headers were cut: if some are removed later, the rest would look complete. */
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
export function isCut(message: NodeRequest): boolean {
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
