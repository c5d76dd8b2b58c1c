/** Credentials that are taken back before they expire. @module */
export { type Revocation } from '../revocation/revocation.ts'
export {
  type RevocationList,
  revocationList,
  type RevocationListOptions,
} from '../revocation/revocation-list.ts'
export type { Revocations, UsedCredential } from '../revocation/revocations.ts'
export { unlessRevoked } from '../revocation/unless-revoked.ts'
/** @internal */
export { readSerialNumber } from '../revocation/read-credential-id.ts'
/** @internal */
export { requireRevocation, revocationProblems } from '../revocation/revocation.ts'
