import { type CertificateRequest, parseCertificateRequest } from '@kube-authn/x509'
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

/** The text in base64, one character for each byte; `''` if it is not base64. */
export function textOf(base64: string): string {
  try {
    return atob(base64)
  } catch {
    return ''
  }
}
