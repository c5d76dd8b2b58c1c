import { systemRandom } from '../../internal/random.ts'

/** Characters that make no word, and are not taken for one another. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const RANDOM_LENGTH = 5
const MAX_LENGTH = 63

/**
 * A name that begins with `base`, cut to 58 characters, and ends with 5 random ones (`metadata.generateName`).
 *
 * Source: apiserver `pkg/storage/names/generate.go`.
 *
 * @param random a number from 0 to below 1. Default: from the runtime's source of secrets.
 * @example
 * generateName('default-token-') // 'default-token-x7k2p'
 */
export function generateName(base: string, random: () => number = systemRandom): string {
  const end = Array.from({ length: RANDOM_LENGTH }, () =>
    ALPHABET.charAt(Math.floor(random() * ALPHABET.length)),
  )
  return base.slice(0, MAX_LENGTH - RANDOM_LENGTH) + end.join('')
}
