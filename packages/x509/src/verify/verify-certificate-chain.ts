import { loadVerification } from './load.ts'
import type { CertificateChain, VerifyOptions } from './verify-options.ts'

/**
 * Finds a chain from a certificate to a trusted one (RFC 5280 section 6). Tries all possible paths, trusted issuers first. A leaf that is
 * itself trusted is a chain.
 *
 * It makes no network calls: revocation is not checked, and missing issuers are not fetched. Host names are ignored.
 *
 * Source: Go `crypto/x509/verify.go` (`Verify`). `docs/x509.md` lists what this refuses but Go accepts.
 *
 * @returns the first valid chain. Go returns all, but callers use only the leaf.
 * @throws {CertificateError} if there is none.
 * @throws {TypeError} if `nowMs` is not a number, for example in JavaScript without it.
 * @example
 * const [leaf] = await verifyCertificateChain({
 *   leaf: parseCertificate(der),
 *   intermediates: certificatePoolOf([]),
 *   roots: certificatePool(pem),
 *   nowMs: Date.now(),
 * })
 */
export async function verifyCertificateChain(options: VerifyOptions): Promise<CertificateChain> {
  // What the caller changes later does not count.
  const given = { ...options }
  const { findCertificateChain } = await loadVerification()
  return findCertificateChain(given)
}
