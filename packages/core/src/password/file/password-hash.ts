import { bytesFromLatin1, bytesFromText, latin1FromBytes } from '@kube-authn/internal/byte-text'
import { isEqualInConstantTime } from '../../internal/compare.ts'

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
    async matches(password) {
      const hash = await compute(bytesFromText(password))
      return isEqualInConstantTime(latin1FromBytes(hash), latin1FromBytes(expected))
    },
  }
}
