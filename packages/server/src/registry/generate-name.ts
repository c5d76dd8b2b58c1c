import { systemRandom } from '@kube-authn/core/internal'

/** Characters that do not form words and are not easily confused. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const RANDOM_LENGTH = 5
const MAX_LENGTH = 63

/**
 * Returns `base`, cut to 58 characters, followed by 5 random characters (`metadata.generateName`).
 *
 * Source: apiserver `pkg/storage/names/generate.go`.
 *
 * @param random returns a number from 0 to below 1. Default: cryptographically secure.
 * @example
 * generateName('default-token-') // 'default-token-x7k2p'
 */
export function generateName(base: string, random: () => number = systemRandom): string {
  const end = Array.from({ length: RANDOM_LENGTH }, () =>
    ALPHABET.charAt(Math.floor(random() * ALPHABET.length)),
  )
  return base.slice(0, MAX_LENGTH - RANDOM_LENGTH) + end.join('')
}
