import { type CertificateRequest, parseCertificateRequest } from '@kube-authn/x509'
import type { SubjectAttribute } from './issue-certificate.ts'
import { pemContents } from './pem-contents.ts'

/** More than a certificate has: issuing it takes a tenth of a second. */
const MAX_NAMES = 250

/**
 * Reads a request for a certificate from base64 of PEM: the first block counts. The signature is not verified.
 *
 * Source: kubernetes `pkg/apis/certificates/helpers.go` ParseCSR.
 *
 * Deviation: it is smaller than Kubernetes allows (`docs/deviations.md`, certificate requests).
 *
 * @throws {Error} if there is none, or it cannot be read. The message contains nothing of it.
 */
export function certificateRequestIn(base64: string): CertificateRequest {
  const [block] = pemContents(textOf(base64))
  if (block?.label !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST')
  const request = parseCertificateRequest(block.der)
  if (request.subject.attributes.length > MAX_NAMES) {
    throw new Error(`the subject has more than ${MAX_NAMES} attributes`)
  }
  if (request.alternativeNames.length > MAX_NAMES) {
    throw new Error(`there are more than ${MAX_NAMES} subjectAltNames`)
  }
  return request
}

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

/** The text in base64, one character for each byte; `''` if it is not base64. */
export function textOf(base64: string): string {
  try {
    return atob(base64)
  } catch {
    return ''
  }
}
