import type { CertificateRequest } from '../certificate-request.ts'
import type { CertificateError } from '../errors.ts'
import { checkSignedBytes } from './signature.ts'

/**
 * Whether the key in a request for a certificate signed it: RSA of 1,024 to 8,192 bits, ECDSA on P-256, P-384 and P-521, or Ed25519, with SHA-2.
 *
 * Source: Go `crypto/x509/x509.go` (`CertificateRequest.CheckSignature`).
 *
 * Deviation: Go also accepts SHA-1 and larger RSA keys (`docs/deviations.md`, certificate requests).
 *
 * @returns the problem, if any.
 */
export function verifyCertificateRequest(request: CertificateRequest): Promise<CertificateError | undefined> {
  return checkSignedBytes(request, request.publicKey)
}
