import { aClock, aString, must } from '@kube-authn/core/internal'
import { checkOptions, oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import type { CertificateAuthority, PkiOptions } from './certificate-authority.ts'

const aDate = must('must be a Date', (value) => value instanceof Date)

const shape: OptionsShape<PkiOptions> = {
  commonName: aString,
  algorithm: oneOf('P-256', 'P-384', 'RSA-2048'),
  notBefore: aDate,
  notAfter: aDate,
  clock: aClock,
}

/**
 * Creates a certificate authority with a new key, for tests: WebCrypto only, no openssl, no files.
 *
 * Everything is in memory. Never use these certificates outside of tests.
 *
 * @example
 * const pki = await createPki()
 * const server = await pki.issueServer({ hosts: ['localhost', '127.0.0.1'] })
 * const jane = await pki.issueClient({ commonName: 'jane', organizations: ['developers', 'ops'] })
 * const tooLate = await pki.issueClient({ commonName: 'jane', wrong: 'expired' })
 */
export async function createPki(options: PkiOptions = {}): Promise<CertificateAuthority> {
  checkOptions(shape, options)
  // Loaded when needed: the library is slow to load, and most tests only need a fake user.
  const { createRoot } = await import('./authority.ts')
  return createRoot(options)
}
