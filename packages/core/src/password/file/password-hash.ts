import { bytesFromLatin1, bytesFromText } from '@kube-authn/internal/byte-text'

/** A parsed password hash. */
export interface PasswordHash {
  /** Whether a check blocks its thread. */
  readonly blocksThread: boolean
  matches(password: string): Promise<boolean>
}

/** Decodes a salt or hash of a PHC string, base64 without padding; returns `undefined` for anything else. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9+/]+$/.test(text) || text.length % 4 === 1) return undefined
  return bytesFromLatin1(atob(text))
}

/** A parsed hash, with the function that computes one of the same length for a password. */
export function hashOf(
  expected: Uint8Array,
  blocksThread: boolean,
  compute: (password: Uint8Array) => Promise<Uint8Array>,
): PasswordHash {
  return {
    blocksThread,
    matches: async (password) => isEqualHash(await compute(bytesFromText(password)), expected),
  }
}

/** Compares hashes of the same length in constant time. */
function isEqualHash(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length
  for (let index = 0; index < one.length; index++) difference |= (one[index] ?? 0) ^ (other[index] ?? 0)
  return difference === 0
}
