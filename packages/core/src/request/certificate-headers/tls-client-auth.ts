import { rejected } from '../../authenticator/errors.ts'
import type { AuthenticationRequest } from '../request.ts'

/** Cloudflare's description of a client certificate: strings and booleans, by name. */
export type TlsClientAuth = Readonly<Record<string, unknown>>

/**
 * `request.cf.tlsClientAuth`, if a certificate was presented, verified and not revoked; `undefined` if none was presented.
 * The members are strings, and `'0'` is truthy in JavaScript. `certVerified` is `SUCCESS` for revoked certificates too.
 *
 * Source: Cloudflare, "Client certificate variables".
 *
 * @throws {AuthenticationError} `rejected` if the certificate was not verified or is revoked.
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
