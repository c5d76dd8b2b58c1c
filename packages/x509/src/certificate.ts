import type { Bytes } from './der/reader.ts'
import type { Extensions } from './extensions/extensions.ts'
import type { Name } from './name.ts'
import type { PublicKey } from './public-key.ts'
import type { SignatureAlgorithm } from './signature-algorithm.ts'

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
