import { unavailable } from '../errors.ts'
import type { VerificationKey } from '../jwt/verification-key.ts'

/** Keys, or a function that gives those of the moment, for keys that are reloaded. */
export type KeySource = readonly VerificationKey[] | (() => readonly VerificationKey[])

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
