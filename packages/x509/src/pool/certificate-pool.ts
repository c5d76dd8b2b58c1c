import { latin1FromBytes } from '@kube-authn/internal/byte-text'
import type { Certificate } from '../certificate.ts'
import { isSameBytes } from '@kube-authn/internal/bytes'

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
