import type { Certificate } from '../certificate.ts'
import type { CertificatePool } from '../pool/certificate-pool.ts'

/** Options of `verifyCertificateChain`. */
export interface VerifyOptions {
  readonly leaf: Certificate
  /** The certificates presented with the leaf, in any order. */
  readonly intermediates: CertificatePool
  /** The trusted certificates. */
  readonly roots: CertificatePool
  /** The time of the verification, in milliseconds since the epoch. */
  readonly nowMs: number
  /** Object identifiers of `extKeyUsage`, one of which must be allowed. Default `clientAuth`; an empty list: any. */
  readonly keyUsages?: readonly string[]
}

/** The certificates from the leaf to a trusted one. */
export type CertificateChain = readonly [leaf: Certificate, ...issuers: Certificate[]]
