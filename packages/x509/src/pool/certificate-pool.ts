import { latin1FromBytes } from '@kube-authn/internal/byte-text'
import { type Certificate, parseCertificate } from '../certificate.ts'
import { isSameBytes } from '@kube-authn/internal/bytes'
import { bytesOfBase64 } from '@kube-authn/internal/base64'
import { base64OfPem, CERTIFICATE, hasPemHeaders, pemBlocks } from '@kube-authn/internal/pem'
import { type CertificateError, refusal } from '../errors.ts'

/** Possible issuers of certificates. Immutable: a reloaded bundle is another pool. */
export interface CertificatePool {
  readonly certificates: readonly Certificate[]
  /** The certificates whose subject is the issuer of the child, the most likely first, judged by key identifier. */
  possibleIssuers(child: Certificate): readonly Certificate[]
  /** Whether the pool has exactly this certificate. */
  contains(certificate: Certificate): boolean
}

/**
 * A pool of these certificates, without duplicates.
 *
 * Source: Go `crypto/x509/cert_pool.go` (`findPotentialParents`).
 */
export function certificatePoolOf(certificates: Iterable<Certificate>): CertificatePool {
  const bySubject = new Map<string, Certificate[]>()
  const distinct: Certificate[] = []
  const withSubject = (der: Uint8Array): readonly Certificate[] => bySubject.get(latin1FromBytes(der)) ?? []
  const contains = (certificate: Certificate): boolean =>
    withSubject(certificate.subject.der).some(({ der }) => isSameBytes(der, certificate.der))

  for (const certificate of certificates) {
    if (contains(certificate)) continue
    distinct.push(certificate)
    const subject = latin1FromBytes(certificate.subject.der)
    const others = bySubject.get(subject)
    if (others === undefined) bySubject.set(subject, [certificate])
    else others.push(certificate)
  }

  return {
    certificates: Object.freeze(distinct),
    contains,
    possibleIssuers(child) {
      const named = withSubject(child.issuer.der)
      return named.length < 2 ? named : named.toSorted((a, b) => distance(child, a) - distance(child, b))
    },
  }
}

/** 0 if the key identifiers are equal, 2 if they differ, 1 if only one of the two exists. */
function distance(child: Certificate, issuer: Certificate): 0 | 1 | 2 {
  const wanted = child.extensions.authorityKeyIdentifier ?? NO_IDENTIFIER
  const offered = issuer.extensions.subjectKeyIdentifier ?? NO_IDENTIFIER
  if (isSameBytes(wanted, offered)) return 0
  return wanted.length === 0 || offered.length === 0 ? 1 : 2
}

const NO_IDENTIFIER = new Uint8Array()

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
    throw refusal('malformed', 'data does not contain any valid RSA or ECDSA certificates')
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
  return refusal('malformed', `certificate block ${before + 1} ${why}`)
}
