import type { AuthenticationRequest } from '@kube-authn/core'
import { base64urlOf, isEqualInConstantTime, memberOf } from '@kube-authn/core/internal'
import type { Session, SessionContent, SessionKeeper } from '../sessions/session-keeper.ts'

/** The cookies of a request as one value: over HTTP/2 each may be a header of its own (RFC 9113 section 8.2.3). */
export function cookieHeader({ headers }: Pick<AuthenticationRequest, 'headers'>): string {
  return headers.all('cookie').join('; ')
}

/** The session of a request began on a connection with another client certificate. */
export const BOUND_ELSEWHERE: unique symbol = Symbol('another client certificate')

/**
 * The session of a request; `undefined` if it has none.
 *
 * @throws {AuthenticationError} `unavailable` if it cannot be looked up, or the certificates cannot be read.
 */
export async function requestSession(
  sessions: SessionKeeper,
  request: AuthenticationRequest,
): Promise<Session | typeof BOUND_ELSEWHERE | undefined> {
  const session = await sessions.find(cookieHeader(request))
  if (session?.content.certificate === undefined) return session
  return isBoundElsewhere(session.content, await clientCertificateDigest(request)) ? BOUND_ELSEWHERE : session
}

/**
 * The SHA-256 digest of the client certificate of a request: `x5t#S256`, or what Cloudflare tells; `undefined` without a certificate.
 *
 * @throws {AuthenticationError} `unavailable` if the certificates cannot be read.
 */
export async function clientCertificateDigest(request: AuthenticationRequest): Promise<string | undefined> {
  const [leaf] = request.peerCertificates?.() ?? []
  if (leaf === undefined) return cloudflareFingerprint(request.tlsClientAuth?.())
  return base64urlOf(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(leaf))))
}

/** Source: Cloudflare's `IncomingRequestCfProperties`, `tlsClientAuth`. */
function cloudflareFingerprint(tlsClientAuth: unknown): string | undefined {
  const fingerprint = memberOf(tlsClientAuth, 'certFingerprintSHA256')
  const isPresented = memberOf(tlsClientAuth, 'certPresented') === '1'
  return isPresented && typeof fingerprint === 'string' && fingerprint !== ''
    ? fingerprint.toLowerCase()
    : undefined
}

/**
 * Whether a session must not be used on a connection, since its login was on one with another client certificate: then the cookie was stolen.
 *
 * A session of a login without a certificate may be used with any.
 *
 * @param certificate the SHA-256 digest of the client certificate of the connection, written as at the login; `undefined` without one.
 */
export function isBoundElsewhere(
  { certificate: expected }: Pick<SessionContent, 'certificate'>,
  certificate: string | undefined,
): boolean {
  return expected !== undefined && !isEqualInConstantTime(certificate ?? '', expected)
}
