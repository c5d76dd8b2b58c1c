import type { Certificate } from './certificate.ts'
import { hexOf } from '@kube-authn/internal/bytes'

/** Key identifiers usually have 20 octets; longer ones are truncated in errors. */
const MAX_SHOWN_OCTETS = 64

/**
 * The identifier of a certificate in kube-apiserver's errors: `SN=1, SKID=64:84:5E:B7, AKID=48:70:75:D4`.
 *
 * Source: apiserver `pkg/authentication/request/x509/x509.go` (`certificateIdentifier`).
 */
export function certificateIdentifier({
  serialNumber,
  extensions,
}: {
  readonly serialNumber: bigint
  readonly extensions: Pick<Certificate['extensions'], 'subjectKeyIdentifier' | 'authorityKeyIdentifier'>
}): string {
  const subjectKey = keyHex(extensions.subjectKeyIdentifier)
  const authorityKey = keyHex(extensions.authorityKeyIdentifier)
  return `SN=${serialNumber}, SKID=${subjectKey}, AKID=${authorityKey}`
}

function keyHex(keyIdentifier: Uint8Array | undefined): string {
  return hexOf((keyIdentifier ?? new Uint8Array()).subarray(0, MAX_SHOWN_OCTETS), ':').toUpperCase()
}
