import { CertificateError } from '../errors.ts'

/**
 * How much work one verification may be. Certificates come from anybody, so without an end to it a client could keep a server
 * busy for as long as it likes.
 */
export interface Budget {
  /** @throws {CertificateError} `limit` when it is one too many. */
  spendSignatureCheck(): void
  /** @throws {CertificateError} `limit` when these are too many. */
  spendNameComparisons(count: number): void
}

const MAX_SIGNATURE_CHECKS = 100
const MAX_NAME_COMPARISONS = 250_000

/**
 * A fresh budget: 100 signature checks and 250,000 comparisons of names with constraints.
 *
 * Source: Go `crypto/x509/verify.go` (`maxChainSignatureChecks`, `MaxConstraintComparisions`).
 *
 * Deviation: Go grants that many comparisons to each certificate anew (`docs/deviations.md`, stricter certificates).
 */
export function newBudget(): Budget {
  let signatureChecks = 0
  let nameComparisons = 0
  return {
    spendSignatureCheck() {
      if (++signatureChecks > MAX_SIGNATURE_CHECKS) {
        throw new CertificateError(
          'limit',
          'x509: signature check attempts limit reached while verifying certificate chain',
        )
      }
    },
    spendNameComparisons(count) {
      nameComparisons += count
      if (nameComparisons > MAX_NAME_COMPARISONS) {
        throw new CertificateError('limit', 'x509: too many name constraint comparisons')
      }
    },
  }
}
