import { type AuthenticationError, isAuthenticationError, unavailable } from '../../authenticator/errors.ts'
import type { NodeRequest } from './node-request.ts'

/** The members of a Node TLS socket that are used. A plain socket has none of them. */
interface Connection {
  readonly encrypted?: boolean
  getPeerCertificate?(detailed: true): LinkedCertificate | null | undefined
  isSessionReused?(): boolean
}

/** A certificate with Node's link to its issuer. `{}` means none, and a root links to itself. */
interface LinkedCertificate {
  readonly raw?: Uint8Array
  readonly fingerprint256?: string
  readonly issuerCertificate?: LinkedCertificate
}

/** Further certificates are ignored; no real chain is as long. */
const MAX_CERTIFICATES = 10

const NONE: readonly Uint8Array[] = Object.freeze([])

/** Read once per connection: the certificates cannot change, and reading them costs as much as a hundred requests. */
const known = new WeakMap<object, readonly Uint8Array[]>()

/**
 * The certificates that the peer of a request presented in its TLS handshake, leaf first, as DER; none without TLS.
 *
 * They are not verified: an authenticator verifies them against its own authorities. `socket.authorized` is never used. It refers to the
 * authorities of the TLS context, is not updated when these change, and on Node 20 and 22 it is `true` for a resumed TLS 1.3 session
 * without any certificate.
 *
 * They are read with `getPeerCertificate(true)`, which exists on Node and Deno, returns the same at every call, and does not change the
 * socket. `getPeerX509Certificate()` removes the issuers for later readers (Node 20 to 24), and returns only one of them on Deno.
 *
 * Deviation: Go sees all presented certificates (`docs/deviations.md`, order of certificates).
 *
 * @throws {AuthenticationError} `unavailable` if the connection is closed, or the runtime does not provide them.
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

/** Whether the server requested a certificate from the peer; `undefined` if unknown. Node stores it as `requestCert` of the server. */
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
    // The connection is closed.
    return undefined
  }
}

/** The object that identifies a connection: the HTTP/1 socket, or the HTTP/2 session, since every HTTP/2 request has its own socket object. */
function connectionOf(message: NodeRequest): object | undefined {
  if (message.httpVersionMajor !== 2) return isObject(message.socket) ? message.socket : undefined
  const { stream } = message
  const session = isObject(stream) && 'session' in stream ? stream.session : undefined
  if (!isObject(session)) throw connectionIsGone()
  return session
}

function socketOf(session: object): unknown {
  return 'socket' in session ? session.socket : undefined
}

function readChain(socketNow: () => unknown): readonly Uint8Array[] {
  // The socket of an HTTP/2 session is a proxy that throws after the real socket is gone.
  try {
    const socket = socketNow()
    if (!isObject(socket)) throw connectionIsGone()
    return certificatesOf(socket)
  } catch (error) {
    if (isAuthenticationError(error)) throw error
    throw unavailable('the certificates of the peer cannot be read', { cause: error })
  }
}

function certificatesOf(socket: Connection): readonly Uint8Array[] {
  if (socket.encrypted !== true) return NONE
  if (typeof socket.getPeerCertificate !== 'function') {
    throw unavailable('this runtime does not provide the certificates of TLS peers')
  }
  const leaf = socket.getPeerCertificate(true)
  if (leaf === null || leaf === undefined) throw connectionIsGone()
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

function connectionIsGone(): AuthenticationError {
  return unavailable('the connection is closed')
}

/*
 * OpenSSL keeps the leaf of a session but not its intermediates (openssl/openssl#13673; Go keeps them), so the peer of a resumed session
 * appears to have presented only its leaf. This module keeps the chains of full handshakes.
 *
 * Trust does not depend on it: the leaf comes from the session, intermediates prove nothing by themselves, and only the holder of a leaf's
 * private key can write its entry. If an entry was evicted, or is in another process or another copy of this package, the chain does not
 * verify. Servers that do not resume sessions, such as those made with `tlsServerOptions`, do not need this.
 */

/** Any client can add an entry with a handshake, so both the number and the size of entries are limited. */
const MAX_CHAINS = 1000
const MAX_CHAIN_BYTES = 16_384

const chains = new Map<string, readonly Uint8Array[]>()

/** Stores a chain that was presented in a full handshake, under the fingerprint of its leaf. */
function rememberChain(fingerprint: string | undefined, chain: readonly Uint8Array[]): void {
  if (fingerprint === undefined) return
  chains.delete(fingerprint)
  const size = chain.reduce((sum, certificate) => sum + certificate.length, 0)
  if (chain.length < 2 || size > MAX_CHAIN_BYTES) return
  chains.set(fingerprint, chain)
  if (chains.size <= MAX_CHAINS) return
  const [oldest] = chains.keys()
  if (oldest !== undefined) chains.delete(oldest)
}

/** The chain last presented with this leaf in a full handshake. */
function recallChain(fingerprint: string | undefined): readonly Uint8Array[] | undefined {
  if (fingerprint === undefined) return undefined
  const chain = chains.get(fingerprint)
  if (chain === undefined) return undefined
  // Moves it to the end: the least recently used entry is evicted first.
  chains.delete(fingerprint)
  chains.set(fingerprint, chain)
  return chain
}
