import { unavailable } from '../errors.ts'
import type { VerificationKey } from '../jwt/verification-key.ts'
import { type Check, either, listOf, must, problemOf } from '../options/index.ts'

/** Keys, or a function that gives those of the moment, for keys that are reloaded. */
export type KeySource = readonly VerificationKey[] | (() => readonly VerificationKey[])

const keyList = listOf(must('must be a key', (value) => typeof value === 'object' && value !== null))

/** The check of a {@link KeySource}. */
export const aKeySource: Check = either(Array.isArray, keyList, (value, path) =>
  typeof value === 'function'
    ? []
    : problemOf(
        value,
        path,
        'must be a list of keys, or a function that returns one, as current of verificationKeysAt(...)',
      ),
)

/**
 * The keys of the moment.
 *
 * @throws {AuthenticationError} `unavailable`, when there is no telling.
 */
export function keysOf(keys: KeySource): readonly VerificationKey[] {
  if (typeof keys !== 'function') return keys
  try {
    return keys()
  } catch (error) {
    throw unavailable('the keys of service account tokens could not be read', { cause: error })
  }
}
