import { rejected } from '../../authenticator/errors.ts'
import type { AuthenticationRequest } from '../request.ts'

/** What Cloudflare says of a client certificate that it verified: strings and booleans, by name. */
export type TlsClientAuth = Readonly<Record<string, unknown>>

/**
 * `request.cf.tlsClientAuth`, when a certificate was presented, verified and not revoked; `undefined` when none was presented.
 * Everything is a string there: `'0'` is true in JavaScript. A revoked certificate is verified all the same.
 *
 * Source: Cloudflare, "Client certificate variables".
 *
 * @throws {AuthenticationError} `rejected` when the certificate does not count.
 */
export function verifiedTlsClientAuth(request: AuthenticationRequest): TlsClientAuth | undefined {
  const told = request.tlsClientAuth?.()
  if (!isRecord(told) || told['certPresented'] !== '1') return undefined
  if (told['certVerified'] !== 'SUCCESS') throw rejected('Cloudflare did not verify the client certificate')
  if (told['certRevoked'] !== '0') throw rejected('the client certificate is revoked')
  return told
}

function isRecord(value: unknown): value is TlsClientAuth {
  return typeof value === 'object' && value !== null
}
