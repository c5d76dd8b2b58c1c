import { bytesOfBase64 } from '@kube-authn/internal/base64'
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
  const lines = pem.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  const certificates: Certificate[] = []
  for (let index = 0; index < lines.length; index++) {
    const type = /^-----BEGIN (.*)-----\s*$/.exec(lines[index] ?? '')?.[1]
    if (type === undefined) continue
    const end = lines.findIndex((line, at) => at > index && line.trimEnd() === `-----END ${type}-----`)
    if (end === -1) {
      if (type === CERTIFICATE) throw unreadable(certificates.length, 'has no end')
      continue
    }
    const body = lines.slice(index + 1, end)
    if (type === CERTIFICATE && !isHeader(body[0])) {
      certificates.push(readCertificate(body.join(''), certificates.length))
    }
    index = end
  }
  return certificates
}

const CERTIFICATE = 'CERTIFICATE'

/** As in `Proc-Type: 4,ENCRYPTED`; base64 contains no colon. */
function isHeader(line = ''): boolean {
  return line.includes(':')
}

function readCertificate(body: string, before: number): Certificate {
  const der = bytesOfBase64(body.replaceAll(/\s/g, ''))
  if (der === undefined) throw unreadable(before, 'is not base64')
  return parseCertificate(der)
}

function unreadable(before: number, why: string): CertificateError {
  return new CertificateError('malformed', `x509: certificate block ${before + 1} ${why}`)
}
