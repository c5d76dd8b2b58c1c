import { causesOf } from '../thrown.ts'
import { MISSING_SAN } from './fault.ts'

/** Kinds of server certificates that are no longer accepted. */
export type ServerCertificateProblem = 'missingSan' | 'insecureSha1'

/**
 * The deprecated certificate kind that caused an error, as far as the runtime reports it.
 *
 * Source: apiserver `pkg/util/x509metrics/server_cert_deprecations.go`.
 */
export function certificateProblemOf(error: unknown): ServerCertificateProblem | undefined {
  const causes = causesOf(error)
  if (causes.some((cause) => 'code' in cause && cause.code === MISSING_SAN)) return 'missingSan'
  return causes.some(({ message }) => message === DIGEST_TOO_WEAK) ? 'insecureSha1' : undefined
}

/** OpenSSL `crypto/x509/x509_txt.c`, X509_V_ERR_CA_MD_TOO_WEAK: Node has no code for it. It also covers MD5. */
const DIGEST_TOO_WEAK = 'CA signature digest algorithm too weak'
