import { type AuthenticationError, isAuthenticationError, unavailable } from '../../authenticator/errors.ts'
import type { NodeRequest } from './node-request.ts'
import { recallChain, rememberChain } from './resumed-chains.ts'

/** What of a socket of Node's is used. A plain one has none of it. */
interface Connection {
  readonly encrypted?: boolean
  getPeerCertificate?(detailed: true): LinkedCertificate | null | undefined
  isSessionReused?(): boolean
}

/** A certificate as Node links it to its issuer. `{}` stands for none, and a root links to itself. */
interface LinkedCertificate {
  readonly raw?: Uint8Array
  readonly fingerprint256?: string
  readonly issuerCertificate?: LinkedCertificate
}

/** More certificates than this are not looked at; no real chain is as long. */
const MAX_CERTIFICATES = 10

const NONE: readonly Uint8Array[] = Object.freeze([])

/** One object for all: it says nothing about the request. */
const connectionIsGone: AuthenticationError = Object.freeze(unavailable('the connection is gone'))

/** Read once for each connection: the certificates cannot change, and reading them costs a hundred requests. */
const known = new WeakMap<object, readonly Uint8Array[]>()

/**
 * The certificates that the peer of a request presented in its TLS handshake, leaf first, as DER; none without TLS.
 *
 * They are as presented: whether any of them means anything is for an authenticator to verify, against its own authorities.
 * `socket.authorized` is never asked. It is about whatever the TLS context trusts, stays what it was when that changes, and
 * on Node 20 and 22 it is `true` for a resumed TLS 1.3 session without any certificate.
 *
 * Everything is read through `getPeerCertificate(true)`. It is there on Node and Deno, gives the same however often it is
 * asked, and leaves the socket as it was; `getPeerX509Certificate()` takes the issuers away from whoever reads after it
 * (Node 20 to 24), and knows but one of them on Deno.
 *
 * Deviation: Go sees all certificates that were presented (`docs/deviations.md`, order of certificates).
 *
 * @throws {AuthenticationError} `unavailable` when the connection is gone, or the runtime does not tell.
 */
export function peerCertificatesOf(message: NodeRequest): readonly Uint8Array[] {
  const connection = connectionOf(message)
  if (connection === undefined) return NONE
  const chain = known.get(connection)
  if (chain !== undefined) return chain
  const read = readChain(message.httpVersionMajor === 2 ? () => socketOf(connection) : () => connection)
  known.set(connection, read)
  return read
}

/**
 * Whether the server asked the peer of a request for a certificate; `undefined` where the runtime does not tell. Node keeps it as
 * `requestCert` of the server.
 */
export function requestsCertificateOf(message: NodeRequest): boolean | undefined {
  try {
    const connection = connectionOf(message)
    const socket =
      message.httpVersionMajor === 2 && connection !== undefined ? socketOf(connection) : connection
    if (!isObject(socket)) return undefined
    if (Reflect.get(socket, 'encrypted') !== true) return false
    const server: unknown = Reflect.get(socket, 'server')
    const asked: unknown = isObject(server) ? Reflect.get(server, 'requestCert') : undefined
    return typeof asked === 'boolean' ? asked : undefined
  } catch {
    // The connection is gone.
    return undefined
  }
}

/** What stands for a connection: the socket of HTTP/1, and the session of HTTP/2, where every request has a socket of its own. */
function connectionOf(message: NodeRequest): object | undefined {
  if (message.httpVersionMajor !== 2) return isObject(message.socket) ? message.socket : undefined
  const { stream } = message
  const session = isObject(stream) && 'session' in stream ? stream.session : undefined
  if (!isObject(session)) throw connectionIsGone
  return session
}

function socketOf(session: object): unknown {
  return 'socket' in session ? session.socket : undefined
}

function readChain(socketNow: () => unknown): readonly Uint8Array[] {
  // The socket of an HTTP/2 session is a proxy that throws when there is no socket behind it any more.
  try {
    const socket = socketNow()
    if (!isObject(socket)) throw connectionIsGone
    return certificatesOf(socket)
  } catch (error) {
    if (isAuthenticationError(error)) throw error
    throw unavailable('the certificates of the peer cannot be read', { cause: error })
  }
}

function certificatesOf(socket: Connection): readonly Uint8Array[] {
  if (socket.encrypted !== true) return NONE
  if (typeof socket.getPeerCertificate !== 'function') {
    throw unavailable('this runtime does not tell the certificates of a TLS peer')
  }
  const leaf = socket.getPeerCertificate(true)
  if (leaf === null || leaf === undefined) throw connectionIsGone
  const presented = Object.freeze([...issuersFrom(leaf)])
  if (presented.length === 0) return NONE
  if (socket.isSessionReused?.() === true) return recallChain(leaf.fingerprint256) ?? presented
  rememberChain(leaf.fingerprint256, presented)
  return presented
}

function* issuersFrom(leaf: LinkedCertificate): Generator<Uint8Array> {
  let certificate: LinkedCertificate | undefined = leaf
  for (let count = 0; count < MAX_CERTIFICATES && certificate?.raw !== undefined; count++) {
    yield new Uint8Array(certificate.raw)
    const issuer: LinkedCertificate | undefined = certificate.issuerCertificate
    if (issuer === certificate) return
    certificate = issuer
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
