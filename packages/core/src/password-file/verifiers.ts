import type { Awaitable } from '../awaitable.ts'
import type { Clock } from '../clock.ts'
import type { ConcurrencyLimit } from '../limit-concurrency.ts'
import type { PasswordHash } from './password-hash.ts'

/** Whether this is the password. */
export type PasswordVerifier = (password: string) => Awaitable<boolean>

/** Compares with a password that the file has in plain text; only its digest stays in memory. */
export function plainPassword(expected: string, digest: (text: string) => string): PasswordVerifier {
  const expectedDigest = digest(expected)
  return (password) => isEqualInConstantTime(digest(password), expectedDigest)
}

/** What {@link hashedPassword} needs, shared by all entries of a file. */
export interface HashedPasswordOptions {
  readonly digest: (text: string) => string
  readonly clock: Clock
  readonly rememberMs: number
  readonly limit: ConcurrencyLimit
}

/**
 * Compares with a password hash. A hash is slow on purpose, so the last password that was right is remembered for a while,
 * as a keyed digest, and no more than a few hashes are computed at a time.
 */
export function hashedPassword(hash: PasswordHash, options: HashedPasswordOptions): PasswordVerifier {
  const { digest, clock, rememberMs, limit } = options
  let remembered: { readonly digest: string; readonly untilMs: number } | undefined
  return (password) => {
    const key = digest(password)
    if (remembered !== undefined && remembered.untilMs <= clock.now()) remembered = undefined
    if (remembered !== undefined && isEqualInConstantTime(key, remembered.digest)) return true
    return limit(async () => {
      const isRight = await hash.matches(password)
      if (isRight && rememberMs > 0) remembered = { digest: key, untilMs: clock.now() + rememberMs }
      return isRight
    })
  }
}

function isEqualInConstantTime(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let index = 0; index < one.length; index++)
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index)
  return difference === 0
}
