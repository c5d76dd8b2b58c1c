import { type Awaitable, settle } from '../../internal/awaitable.ts'
import { isAuthenticationError, unavailable } from '../../authenticator/errors.ts'
import type { VerificationKey } from '../jwt/verification-key.ts'
import { type Check, either, hasMethod, listOf, must, problemOf } from '../../internal/options/check.ts'

/** Keys that are looked up by their id, possibly over the network: those of an external signer. `fetchedKeys` returns one. */
export interface KeyLookup {
  /** The keys that are known now. */
  current(): readonly VerificationKey[]
  /** The keys with this id, fetched if necessary; all keys for `''`. An empty list: no such key exists. */
  find(keyId: string): Awaitable<readonly VerificationKey[]>
  /** For how many seconds clients may cache the current keys, for the documents of `issuerDiscovery`. Default 3600. */
  maxAgeSeconds?(): number
}

/** Keys, a function that returns the current ones (for keys that are reloaded), or a {@link KeyLookup}. */
export type KeySource = readonly VerificationKey[] | (() => readonly VerificationKey[]) | KeyLookup

const keyList = listOf(must('must be a key', (value) => typeof value === 'object' && value !== null))

export const aKeySource: Check = either(Array.isArray, keyList, (value, path) =>
  typeof value === 'function' || (hasMethod(value, 'current') && hasMethod(value, 'find'))
    ? []
    : problemOf(
        value,
        path,
        'must be a list of keys, a function that returns one, as current of verificationKeysAt(...), or a KeyLookup',
      ),
)

/** The current keys. @throws {AuthenticationError} `unavailable`, if they cannot be read. */
export function keysOf(keys: KeySource): readonly VerificationKey[] {
  try {
    if (typeof keys === 'function') return keys()
    return 'current' in keys ? keys.current() : keys
  } catch (error) {
    throw unread(error)
  }
}

/**
 * The keys that a token with this `kid` may be signed with; asynchronous only for a {@link KeyLookup}. Other keys may be included.
 *
 * @throws {AuthenticationError} `unavailable`, synchronously or as a rejection, if they cannot be read.
 */
export function keysFor(keys: KeySource, keyId: string): Awaitable<readonly VerificationKey[]> {
  if (typeof keys === 'function' || !('find' in keys && 'current' in keys)) return keysOf(keys)
  return settle(
    () => keys.find(keyId),
    (found) => found,
    (error) => {
      throw unread(error)
    },
  )
}

/** How long clients may cache the current keys, in whole seconds. */
export function maxAgeOf(keys: KeySource): number {
  const seconds = typeof keys === 'function' || !('current' in keys) ? undefined : keys.maxAgeSeconds?.()
  return seconds === undefined ? 3600 : Math.max(0, Math.floor(seconds))
}

function unread(error: unknown): Error {
  if (isAuthenticationError(error) && error.code === 'unavailable') return error
  return unavailable('the keys of service account tokens could not be read', { cause: error })
}
