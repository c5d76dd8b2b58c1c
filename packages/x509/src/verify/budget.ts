import { refusal } from '../errors.ts'

/** Limits the work of one verification. Any client can send certificates, and without a limit it could keep a server busy indefinitely. */
export interface Budget {
  /** @throws {CertificateError} `limit` if there are too many. */
  spendSignatureCheck(): void
  /** @throws {CertificateError} `limit` if there are too many. */
  spendNameComparisons(count: number): void
}

const MAX_SIGNATURE_CHECKS = 100
const MAX_NAME_COMPARISONS = 250_000

/**
 * A new budget: 100 signature checks and 250,000 comparisons of names with constraints.
 *
 * Source: Go `crypto/x509/verify.go` (`maxChainSignatureChecks`, `MaxConstraintComparisions`).
 *
 * Deviation: Go allows that many comparisons for each certificate (`docs/deviations.md`, stricter certificates).
 */
export function newBudget(): Budget {
  return {
    spendSignatureCheck: spending(
      MAX_SIGNATURE_CHECKS,
      'signature check attempts limit reached while verifying certificate chain',
    ),
    spendNameComparisons: spending(MAX_NAME_COMPARISONS, 'too many name constraint comparisons'),
  }
}

function spending(max: number, problem: string): (count?: number) => void {
  let spent = 0
  return (count = 1) => {
    spent += count
    if (spent > max) throw refusal('limit', problem)
  }
}
