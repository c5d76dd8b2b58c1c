import { andThen, type Awaitable } from '../internal/awaitable.ts'
import type { Context } from './context.ts'
import { type AuthenticationError, rejected } from './errors.ts'
import { base64urlOf } from '../internal/base64url.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/** Shared, since it contains nothing from the request. */
const otherConnection: AuthenticationError = Object.freeze(
  rejected('the token is bound to a certificate that is not the client certificate of this connection'),
)

/**
 * Refuses a token that is bound to a certificate, unless the client of this connection holds that certificate.
 *
 * @param thumbprint SHA-256 of the certificate in DER, encoded as in `x5t#S256`.
 * @throws {AuthenticationError} `rejected`, also if the context has no connection; `unavailable` if the certificate cannot be read.
 */
export function requireCertificate(context: Context, thumbprint: string): Awaitable<void> {
  return andThen<unknown, void>(context.holdsCertificate?.(thumbprint) ?? false, (isHeld) => {
    // Strictly `true`: a context in plain JavaScript may return anything.
    if (isHeld !== true) throw otherConnection
  })
}

/**
 * Whether the client of a request presented the certificate with this thumbprint as its leaf, whose private key the TLS handshake
 * proved. Its issuer does not matter: the token is bound to this certificate itself.
 *
 * Source: RFC 8705 section 3 (the certificate proves possession) and 3.1 (`x5t#S256`).
 *
 * @throws {AuthenticationError} `unavailable` if the certificates cannot be read.
 */
export function presentsCertificate(request: AuthenticationRequest, thumbprint: string): Awaitable<boolean> {
  const [leaf] = request.peerCertificates?.() ?? []
  return leaf !== undefined && hasThumbprint(leaf, thumbprint)
}

async function hasThumbprint(der: Uint8Array, thumbprint: string): Promise<boolean> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(der))
  return base64urlOf(new Uint8Array(digest)) === thumbprint
}
