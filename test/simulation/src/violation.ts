/** What must be true after every step. `docs/reliability.md` says how each is checked. */
export const INVARIANTS = {
  acknowledged: 'an acknowledged write is there until it is deleted',
  unasked:
    'nothing is written or deleted unless it was asked for, has expired or belongs to a deleted namespace',
  oneWinner: 'compare and swap has one winner',
  reads: 'a read shows what there was at one moment between its beginning and its end',
  watches: 'a watch tells each change once and in order, or ends with 410',
  revokedIsRefused:
    'a revoked credential is not accepted after its bound, on any replica, whatever its clock',
  revokedStays: 'a credential that was refused as revoked is not accepted before the revocation ends',
  copies: 'a deleted account, and a role that was taken away, do not count after the bound',
  endedStays: 'a session that ended stays ended',
  keys: 'a token counts only with a key that its issuer publishes, and not after the bound when it was withdrawn',
  files: 'a file counts as it was written, whole and within the bound, or as it was before',
  oneLeader: 'one replica runs the controllers, and what another one writes as such does not count',
  controllers: 'controllers do their work when nothing is wrong',
  errors: 'an error is never a decision',
  outagesEnd: 'a 503 does not stay when its cause is gone',
  bounded: 'nothing grows without bound',
  handled: 'every rejection is handled',
} as const

/** The name of an invariant. */
export type Invariant = keyof typeof INVARIANTS

/** An invariant that does not hold. */
export interface Violation {
  readonly invariant: Invariant
  readonly what: string
}
