/**
 * More keys are not tried for one token: each costs a verification, and tokens that name no key are made for nothing. Nobody signs with
 * that many keys at a time without naming them.
 */
export const MAX_CANDIDATES = 16
