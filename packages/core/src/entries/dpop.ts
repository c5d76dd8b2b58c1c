/** Tokens that are bound to a key of their client, which each request proves (DPoP). @module */
export { type Dpop, dpop } from '../token/dpop/dpop.ts'
export { type ProofStore, storedProofs, type StoredProofsOptions } from '../token/dpop/stored-proofs.ts'
export type { DpopOptions } from '../token/dpop/dpop-options.ts'
export type { UsedProof, UsedProofs } from '../token/dpop/used-proofs.ts'
