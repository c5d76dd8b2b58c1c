import type { Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { addressKey } from '../../internal/fair-limit/address-key.ts'
import type { FairLimit } from '../../internal/fair-limit/fair-limit.ts'
import { isEqualInConstantTime } from './constant-time.ts'
import { rightPassword } from './right-password.ts'

/** The user that a password is claimed to belong to. */
export interface Claim {
  readonly username: string
  /** Whether the verifier is that user's. Another one's costs the same, and its yes counts for nothing. */
  readonly isKnown: boolean
  readonly context: Context
}

/** Whether this is the password of that user. */
export type PasswordVerifier = (password: string, claim: Claim) => Awaitable<boolean>

/** Compares with a password that the file has in plain text, of which only the digest stays in memory. */
export function isPlainPassword(
  expectedDigest: string,
  digest: (text: string) => string,
  password: string,
  { isKnown }: Claim,
): boolean {
  return isEqualInConstantTime(digest(password), expectedDigest) && isKnown
}

/** What {@link hashedPassword} needs, shared by all entries of a file. */
export interface HashedPasswordOptions {
  readonly digest: (text: string) => string
  readonly clock: Clock
  readonly rememberMs: number
  readonly limit: FairLimit
}

/**
 * Compares with a password hash. A hash is slow on purpose, so the last password that was right is remembered for a while, as a keyed
 * digest, and no more than a few hashes are computed at a time, in a fair order.
 *
 * What is remembered is for its user alone: the same password under an unknown name costs what any wrong one does.
 */
export function hashedPassword(
  matches: (password: string) => Promise<boolean>,
  { digest, clock, rememberMs, limit }: HashedPasswordOptions,
): PasswordVerifier {
  const right = rightPassword(clock, rememberMs)
  return (password, { username, isKnown, context }) => {
    const key = digest(password)
    if (right.isRight(key) && isKnown) return true
    const name = digest(`name ${username}`)
    const peer = peerOf(context, digest)
    const check = async (): Promise<boolean> => {
      // It may have turned out to be right while this one waited.
      if (right.isRight(key) && isKnown) return true
      const isRight = (await matches(password)) && isKnown
      if (isRight) right.remember(key, peer)
      return isRight
    }
    // Neither a name nor an address may take more than its share.
    const keys = peer === '' ? [name] : [name, peer]
    return limit(check, { keys, isFamiliar: isKnown && right.isFamiliar(key, peer) }, context.signal)
  }
}

function peerOf({ remoteAddress }: Context, digest: (text: string) => string): string {
  return remoteAddress === undefined ? '' : digest(`address ${addressKey(remoteAddress)}`)
}
