import type { PeerCertificate } from 'node:tls'
import { nodeTls } from '../builtins.ts'

/**
 * Why a certificate is not that of a host. Node falls back to the common name of a certificate without subject alternative names; Go does not.
 *
 * Source: Go `crypto/x509/verify.go` VerifyHostname.
 */
export function identityProblem(host: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined || certificate.subjectaltname === '') {
    const problem = new Error('the certificate of the server has no alternative names')
    return Object.assign(problem, { code: 'KUBE_AUTHN_MISSING_SAN' })
  }
  return nodeTls().checkServerIdentity(host, certificate)
}
