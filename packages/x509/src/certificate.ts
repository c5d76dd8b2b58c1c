import type { Bytes } from './der/reader.ts'
import type { Extensions } from './extensions/extensions.ts'
import type { Name } from './name.ts'
import type { PublicKey } from './public-key.ts'
import type { SignatureAlgorithm } from './signature-algorithm.ts'
import { hexOf } from '@kube-authn/internal/bytes'

/** A parsed certificate (RFC 5280 section 4.1), not yet verified. */
export interface Certificate {
  readonly der: Bytes
  readonly version: 1 | 2 | 3
  readonly serialNumber: bigint
  readonly issuer: Name
  readonly subject: Name
  /** Milliseconds since the epoch; valid from this moment. */
  readonly notBeforeMs: number
  /** Milliseconds since the epoch; valid up to and including this moment. */
  readonly notAfterMs: number
  readonly publicKey: PublicKey
  readonly extensions: Extensions
  /** The signed bytes. */
  readonly signedBytes: Bytes
  /** `undefined`: an unsupported algorithm. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined
  readonly signature: Bytes
}

export type Signed = Pick<Certificate, 'signedBytes' | 'signatureAlgorithm' | 'signature'>

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
