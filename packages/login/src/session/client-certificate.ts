import type { AuthenticationRequest } from '@kube-authn/core'
import { base64urlOf, memberOf } from '@kube-authn/core/internal/shared'

/**
 * The SHA-256 digest of the client certificate of a request: `x5t#S256`, or what Cloudflare tells; `undefined` without a certificate.
 *
 * @throws {AuthenticationError} `unavailable` if the certificates cannot be read.
 */
export async function certificateOf(request: AuthenticationRequest): Promise<string | undefined> {
  const [leaf] = request.peerCertificates?.() ?? []
  if (leaf === undefined) return fingerprintOf(request.tlsClientAuth?.())
  return base64urlOf(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(leaf))))
}

/** Source: Cloudflare's `IncomingRequestCfProperties`, `tlsClientAuth`. */
function fingerprintOf(tlsClientAuth: unknown): string | undefined {
  const fingerprint = memberOf(tlsClientAuth, 'certFingerprintSHA256')
  const isPresented = memberOf(tlsClientAuth, 'certPresented') === '1'
  return isPresented && typeof fingerprint === 'string' && fingerprint !== ''
    ? fingerprint.toLowerCase()
    : undefined
}
