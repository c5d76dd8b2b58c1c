import type { NodeRequest } from './node-request.ts'

/** What of a socket of Node's tells how many headers are kept. */
interface LimitedSocket {
  /** How many elements of `rawHeaders` the parser of the connection keeps; 0 or less: all. */
  readonly parser?: { readonly maxHeaderPairs?: number } | null
  readonly server?: { readonly maxHeadersCount?: number | null } | null
}

/** What Node keeps where the server does not say: 1,000 headers. */
const DEFAULT_ELEMENTS = 2000

/** Set on a request whose headers were cut: some may be removed later, and then the others would look like all there were. */
const CUT: unique symbol = Symbol.for('@kube-authn/cutHeaders')

/**
 * Whether Node may have left out headers of a request, which it does without a word: until 22.23, 24.21 and 26 its HTTP/1 parser drops
 * what comes after `server.maxHeadersCount` headers, 1,000 by default. `Impersonate-User` could be among them, and a deputy would
 * act as itself.
 *
 * The parser takes headers in batches and drops each batch once it has as many as it keeps, so `rawHeaders` is at least as long wherever
 * something is missing. It may be as long where nothing is: a request with exactly as many headers is taken for a cut one too.
 *
 * Deviation: Go limits the size only (`docs/deviations.md`, number of headers; size of headers).
 */
export function isCut(message: NodeRequest): boolean {
  if (message.httpVersionMajor > 1) return false
  if (CUT in message) return true
  const { rawHeaders } = message
  const { parser, server } = socketOf(message)
  // Each may have changed since the request was read: a parser is used again by other connections, a server can be told anew.
  const isLong = reaches(rawHeaders, parser?.maxHeaderPairs) || reaches(rawHeaders, elementsKeptBy(server))
  if (isLong) Object.defineProperty(message, CUT, { value: true })
  return isLong
}

function reaches(rawHeaders: readonly string[] | undefined, limit: number | undefined): boolean {
  return rawHeaders !== undefined && limit !== undefined && limit > 0 && rawHeaders.length >= limit
}

/** As Node reckons it: what is no number counts as the default. */
function elementsKeptBy(server: LimitedSocket['server']): number {
  const count = server?.maxHeadersCount
  return typeof count === 'number' ? count << 1 : DEFAULT_ELEMENTS
}

function socketOf({ socket }: NodeRequest): LimitedSocket {
  return typeof socket === 'object' && socket !== null ? socket : NO_SOCKET
}

const NO_SOCKET: LimitedSocket = Object.freeze({})
