import type { CertificateRequest } from '@kube-authn/x509'
import type { SubjectAttribute } from './issue-certificate.ts'

/**
 * The attributes that are copied from a request, in this order: country, organization, unit, locality, province, street, postal code, common name,
 * serial number. Of the last two a name has only one.
 */
const COPIED: readonly (readonly [type: string, count: 'all' | 'last'])[] = [
  ['2.5.4.6', 'all'],
  ['2.5.4.10', 'all'],
  ['2.5.4.11', 'all'],
  ['2.5.4.7', 'all'],
  ['2.5.4.8', 'all'],
  ['2.5.4.9', 'all'],
  ['2.5.4.17', 'all'],
  ['2.5.4.3', 'last'],
  ['2.5.4.5', 'last'],
]

/**
 * The subject of the certificate for a request. Other attributes are left out, such as `1.3.6.1.4.1.57683.2`, since a client must not choose its uid.
 *
 * Source: Go `crypto/x509/pkix` Name.ToRDNSequence, by which Kubernetes copies a subject.
 */
export function requestedSubject({
  subject,
}: Pick<CertificateRequest, 'subject'>): readonly SubjectAttribute[] {
  return COPIED.flatMap(([type, count]) => {
    const found = subject.attributes.filter((attribute) => attribute.type === type)
    return count === 'all' ? found : found.slice(-1).filter(({ value }) => value !== '')
  })
}
