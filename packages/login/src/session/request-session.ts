import type { AuthenticationRequest } from '@kube-authn/core'
import type { Session, SessionKeeper } from '../sessions/session-keeper.ts'
import { clientCertificateDigest, isBoundElsewhere } from './client-certificate.ts'

/** The cookies of a request as one value: over HTTP/2 each may be a header of its own (RFC 9113 section 8.2.3). */
export function cookieHeader({ headers }: AuthenticationRequest): string {
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
