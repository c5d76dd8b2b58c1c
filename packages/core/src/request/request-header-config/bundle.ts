import { bytesOfBase64 } from '@kube-authn/internal/base64'
import { base64OfPem, CERTIFICATE, hasPemHeaders, pemBlocks } from '@kube-authn/internal/pem'
import { notAfterOf } from './not-after.ts'

/** A certificate of a bundle. */
export interface BundledCertificate {
  /** DER in base64, to compare certificates. */
  readonly base64: string
  /** In milliseconds since the epoch. */
  readonly notAfterMs: number
}

/**
 * The certificates of a PEM bundle, read as Go does: blocks of other kinds, blocks with headers and text between blocks are skipped; an
 * unreadable certificate, or a bundle without certificates, is a problem.
 *
 * Source: client-go `util/cert` `ParseCertsPEM`.
 */
export function readBundle(pem: string): {
  readonly certificates: readonly BundledCertificate[]
  readonly problem?: string
} {
  const certificates: BundledCertificate[] = []
  for (const block of pemBlocks(pem)) {
    if (block.label !== CERTIFICATE || hasPemHeaders(block)) continue
    const certificate = block.isComplete ? readCertificate(base64OfPem(block)) : undefined
    if (certificate === undefined)
      return { certificates: [], problem: 'has a certificate that cannot be read' }
    certificates.push(certificate)
  }
  return certificates.length === 0 ? { certificates, problem: 'has no certificate in PEM' } : { certificates }
}

/** The certificates as a PEM bundle. */
export function writeBundle(certificates: readonly BundledCertificate[]): string {
  return certificates
    .map(({ base64 }) => {
      const lines = base64.match(/.{1,64}/g) ?? []
      return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
    })
    .join('')
}

function readCertificate(base64: string): BundledCertificate | undefined {
  const der = bytesOfBase64(base64)
  if (der === undefined) return undefined
  const notAfterMs = notAfterOf(der)
  return notAfterMs === undefined ? undefined : { base64, notAfterMs }
}
