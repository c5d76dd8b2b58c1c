import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { Certificate } from '../certificate.ts'
import { type CertificateError, refusal } from '../errors.ts'
import { ExtendedKeyUsage } from '../extensions/keys.ts'
import type { Budget } from './budget.ts'
import { checkNameConstraints } from './name-constraints.ts'

/** The checks for every certificate of a chain: valid at this time, and without unsupported critical extensions. */
export function checkCertificate(certificate: Certificate, nowMs: number): CertificateError | undefined {
  const { notBeforeMs, notAfterMs, extensions } = certificate
  if (extensions.unhandledCritical.length > 0) {
    return refusal('criticalExtension', 'unhandled critical extension')
  }
  if (nowMs < notBeforeMs) return expired(`${rfc3339Of(nowMs)} is before ${rfc3339Of(notBeforeMs)}`)
  if (nowMs > notAfterMs) return expired(`${rfc3339Of(nowMs)} is after ${rfc3339Of(notAfterMs)}`)
  return undefined
}

/**
 * The checks for a certificate that signed the last one of a chain: valid, a CA certificate, with constraints that the chain satisfies.
 *
 * Source: RFC 5280 section 6.1, Go `crypto/x509/verify.go` (`isValid`).
 *
 * @param below the chain so far, leaf first.
 * @throws {CertificateError} `limit` if the budget is exceeded.
 */
export function checkAuthority(
  authority: Certificate,
  place: 'root' | 'intermediate',
  below: readonly Certificate[],
  nowMs: number,
  budget: Budget,
): CertificateError | undefined {
  const problem = checkCertificate(authority, nowMs)
  if (problem !== undefined) return problem
  const { nameConstraints, basicConstraints } = authority.extensions
  const outside = nameConstraints && checkNameConstraints(nameConstraints, below, budget)
  if (outside !== undefined) return outside
  if (place === 'intermediate' && basicConstraints?.isCa !== true) {
    return refusal('notAuthorizedToSign', 'certificate is not authorized to sign other certificates')
  }
  const { pathLength } = basicConstraints ?? {}
  // The leaf does not count. Self-issued certificates do, as in Go.
  if (pathLength !== undefined && below.length - 1 > pathLength) {
    return refusal('pathLength', 'too many intermediates for path length constraint')
  }
  return undefined
}

/**
 * Whether a chain may be used for at least one of the purposes. Each certificate that names purposes, including the root, excludes all
 * others for itself and the certificates below it.
 *
 * Source: Go `crypto/x509/verify.go` (`checkChainForKeyUsage`).
 *
 * @param keyUsages object identifiers; if empty or with `any`, every chain is permitted.
 */
export function permitsKeyUsage(chain: readonly Certificate[], keyUsages: readonly string[]): boolean {
  if (keyUsages.length === 0 || keyUsages.includes(ExtendedKeyUsage.any)) return true
  const named = chain
    .map(({ extensions }) => extensions.extendedKeyUsage)
    .filter((usages) => usages !== undefined && !usages.includes(ExtendedKeyUsage.any))
  return keyUsages.some((wanted) => named.every((usages) => usages?.includes(wanted)))
}

function expired(currentTime: string): CertificateError {
  return refusal('expired', `certificate has expired or is not yet valid: current time ${currentTime}`)
}
