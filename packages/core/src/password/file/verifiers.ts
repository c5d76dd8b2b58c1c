import type { Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { addressKey } from '../../internal/fair-limit/address-key.ts'
import type { FairLimit } from '../../internal/fair-limit/fair-limit.ts'
import { rightPassword } from './right-password.ts'

/** The username that a client claims, with its context. */
export interface Claim {
  readonly username: string
  /** Whether the verifier belongs to this user. Any other takes the same time, but its result is ignored. */
  readonly isKnown: boolean
  readonly context: Context
}

/** Verifies the password of the claimed user. */
export type PasswordVerifier = (password: string, claim: Claim) => Awaitable<boolean>

/** Options of {@link hashedPassword}, shared by all entries of a file. */
export interface HashedPasswordOptions {
  readonly digest: (text: string) => string
  readonly clock: Clock
  readonly ttlMs: number
  readonly limit: FairLimit
}

/**
 * Compares with a password hash. Hashes are slow by design, so the last correct password is cached for a while, as a keyed digest, and only
 * a few hashes are computed at once, in a fair order.
 *
 * The cache applies only to its user: for an unknown name, the same password takes as long as a wrong one.
 */
export function hashedPassword(
  matches: (password: string) => Promise<boolean>,
  { digest, clock, ttlMs, limit }: HashedPasswordOptions,
): PasswordVerifier {
  const right = rightPassword(clock, ttlMs)
  return (password, { username, isKnown, context }) => {
    const key = digest(password)
    if (right.isRight(key) && isKnown) return true
    const name = digest(`name ${username}`)
    const peer = peerOf(context, digest)
    const check = async (): Promise<boolean> => {
      // Another check may have confirmed the password while this one waited.
      if (right.isRight(key) && isKnown) return true
      const isRight = (await matches(password)) && isKnown
      if (isRight) right.remember(key, peer)
      return isRight
    }
    // Limits the share of each name and each address.
    const keys = peer === '' ? [name] : [name, peer]
    return limit(check, { keys, isFamiliar: isKnown && right.isFamiliar(key, peer) }, context.signal)
  }
}

function peerOf({ remoteAddress }: Context, digest: (text: string) => string): string {
  return remoteAddress === undefined ? '' : digest(`address ${addressKey(remoteAddress)}`)
}
