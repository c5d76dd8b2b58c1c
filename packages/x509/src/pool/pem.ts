import { bytesOfBase64 } from '@kube-authn/internal/base64'
import { base64OfPem, CERTIFICATE, hasPemHeaders, pemBlocks } from '@kube-authn/internal/pem'
import { CertificateError } from '../errors.ts'
import { type CertificatePool, certificatePoolOf } from './certificate-pool.ts'
import type { Certificate } from '../certificate.ts'
import { parseCertificate } from '../parse-certificate.ts'

/**
 * The pool of all certificates in a PEM bundle (RFC 7468), as in `--client-ca-file`. Each is trusted, even if it is not a CA
 * certificate. Text around the blocks, blocks of other types and blocks with headers are skipped.
 *
 * Source: client-go `util/cert/pem.go` (`ParseCertsPEM`).
 *
 * Deviation: a truncated certificate block, or one that is not base64, is an error (`docs/deviations.md`, stricter certificates).
 *
 * @throws {CertificateError} if there is no certificate, or one cannot be read.
 * @example
 * const roots = certificatePool(await readFile('ca.crt', 'utf8'))
 */
export function certificatePool(pem: string): CertificatePool {
  const certificates = certificatesFromPem(pem)
  if (certificates.length === 0) {
    throw new CertificateError('malformed', 'x509: data does not contain any valid RSA or ECDSA certificates')
  }
  return certificatePoolOf(certificates)
}

function certificatesFromPem(pem: string): readonly Certificate[] {
  const certificates: Certificate[] = []
  for (const block of pemBlocks(pem)) {
    if (block.label !== CERTIFICATE || hasPemHeaders(block)) continue
    if (!block.isComplete) throw unreadable(certificates.length, 'has no end')
    const der = bytesOfBase64(base64OfPem(block))
    if (der === undefined) throw unreadable(certificates.length, 'is not base64')
    certificates.push(parseCertificate(der))
  }
  return certificates
}

function unreadable(before: number, why: string): CertificateError {
  return new CertificateError('malformed', `x509: certificate block ${before + 1} ${why}`)
}
