import { type AuthenticationError, isAuthenticationError, rejected } from '../../authenticator/errors.ts'

/**
 * What a challenge says about a refused proof.
 *
 * Source: RFC 9449 sections 7.1, 9 and 12.2.
 */
export interface DpopFault {
  readonly code: 'invalid_dpop_proof' | 'use_dpop_nonce'
  /** For the header `DPoP-Nonce`. */
  readonly nonce?: string
}

/** Not a member of the error, which may be frozen. */
const faults = new WeakMap<AuthenticationError, DpopFault>()

/** The proof is bad. */
export function invalidProof(message: string): AuthenticationError {
  return faulty(message, { code: 'invalid_dpop_proof' })
}

/** The proof needs a nonce, which {@link withNonce} provides. */
export function nonceRequired(message: string): AuthenticationError {
  return faulty(message, { code: 'use_dpop_nonce' })
}

function faulty(message: string, fault: DpopFault): AuthenticationError {
  const error = rejected(`dpop: ${message}`)
  faults.set(error, fault)
  return error
}

/** The fault of a refused proof; `undefined` if a request was refused for another reason. @param error may aggregate several. */
export function dpopFault(error: AuthenticationError | undefined): DpopFault | undefined {
  if (error === undefined || !isAuthenticationError(error)) return undefined
  return faults.get(error) ?? error.errors.map((each) => faults.get(each)).find((each) => each !== undefined)
}

/** Adds the nonce that the client must use next to an error of {@link nonceRequired}. */
export function withNonce(error: unknown, nonceNow: () => string): unknown {
  if (!isAuthenticationError(error) || faults.get(error)?.code !== 'use_dpop_nonce') return error
  faults.set(error, { code: 'use_dpop_nonce', nonce: nonceNow() })
  return error
}
