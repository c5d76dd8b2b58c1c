import { type Certificate, CertificateError, verifyCertificateChain } from '../src/index.ts'
import { type Issued, NOW_MS, poolOf } from './certificates.ts'

/** What a chain is verified against. */
export interface Question {
  readonly roots: readonly Issued[]
  readonly intermediates?: readonly Issued[]
  readonly nowMs?: number
  readonly keyUsages?: readonly string[]
}

/** The names in a chain, leaf first; or why there is none. */
export async function verdictOn(
  leaf: Issued | Certificate,
  { roots, intermediates = [], nowMs = NOW_MS, keyUsages }: Question,
): Promise<readonly string[] | CertificateError> {
  try {
    const chain = await verifyCertificateChain({
      leaf: 'certificate' in leaf ? leaf.certificate : leaf,
      roots: poolOf(...roots),
      intermediates: poolOf(...intermediates),
      nowMs,
      ...(keyUsages !== undefined && { keyUsages }),
    })
    return chain.map(({ subject }) => subject.attributes.map(({ value }) => value).join())
  } catch (error) {
    if (error instanceof CertificateError) return error
    throw error
  }
}

/** `accepted`, or what kind of error there is. */
export async function outcomeOf(leaf: Issued | Certificate, question: Question): Promise<string> {
  const verdict = await verdictOn(leaf, question)
  return verdict instanceof CertificateError ? verdict.code : 'accepted'
}

/** Why there is no chain. */
export async function refusalOf(leaf: Issued | Certificate, question: Question): Promise<CertificateError> {
  const verdict = await verdictOn(leaf, question)
  if (verdict instanceof CertificateError) return verdict
  throw new Error(`not refused: ${verdict.join(' - ')}`)
}
