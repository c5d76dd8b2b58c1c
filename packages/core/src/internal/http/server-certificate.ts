import { causesOf } from './causes.ts'

/** Kinds of certificates of servers that are no longer accepted. */
export type ServerCertificateProblem = 'missingSan' | 'insecureSha1'

/** The `code` of an error that says that the certificate of a server has no subject alternative names. `@kube-authn/node` makes it. */
export const MISSING_SAN = 'KUBE_AUTHN_MISSING_SAN'

/**
 * Whether a server was not trusted for a certificate of such a kind, as far as the runtime tells.
 *
 * Source: apiserver `pkg/util/x509metrics/server_cert_deprecations.go`.
 */
export function certificateProblemOf(error: unknown): ServerCertificateProblem | undefined {
  const causes = causesOf(error)
  if (causes.some((cause) => 'code' in cause && cause.code === MISSING_SAN)) return 'missingSan'
  return causes.some(({ message }) => message === DIGEST_TOO_WEAK) ? 'insecureSha1' : undefined
}

/** OpenSSL `crypto/x509/x509_txt.c`, of X509_V_ERR_CA_MD_TOO_WEAK: Node has no code for it. MD5, which is older still, has the same one. */
const DIGEST_TOO_WEAK = 'CA signature digest algorithm too weak'
