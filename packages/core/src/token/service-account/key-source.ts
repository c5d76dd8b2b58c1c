import { type Awaitable, settle } from '../../internal/awaitable.ts'
import { isAuthenticationError, unavailable } from '../../authenticator/errors.ts'
import type { VerificationKey } from '../jwt/verification-key.ts'
import { type Check, either, listOf, must, problemOf } from '../../internal/options/index.ts'

/** Keys that are found by their name, which may take a while: those of a signer elsewhere. `fetchedKeys` makes one. */
export interface KeyLookup {
  /** The keys that are known at this moment. */
  current(): readonly VerificationKey[]
  /** The keys of this name, which may first be looked for elsewhere; all of them for `''`. An empty list: there is no such key. */
  find(keyId: string): Awaitable<readonly VerificationKey[]>
  /** For how many seconds others may keep the keys of the moment, for the documents of `issuerDiscovery`. Default 3600. */
  maxAgeSeconds?(): number
}

/** Keys, a function that gives those of the moment, for keys that are reloaded, or a {@link KeyLookup}. */
export type KeySource = readonly VerificationKey[] | (() => readonly VerificationKey[]) | KeyLookup

const keyList = listOf(must('must be a key', (value) => typeof value === 'object' && value !== null))

/** The check of a {@link KeySource}. */
export const aKeySource: Check = either(Array.isArray, keyList, (value, path) =>
  typeof value === 'function' || isLookup(value)
    ? []
    : problemOf(
        value,
        path,
        'must be a list of keys, a function that returns one, as current of verificationKeysAt(...), or keys that are found by name',
      ),
)

function isLookup(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'current' in value &&
    typeof value.current === 'function' &&
    'find' in value &&
    typeof value.find === 'function'
  )
}

/**
 * The keys of the moment.
 *
 * @throws {AuthenticationError} `unavailable`, when there is no telling.
 */
export function keysOf(keys: KeySource): readonly VerificationKey[] {
  try {
    if (typeof keys === 'function') return keys()
    return 'current' in keys ? keys.current() : keys
  } catch (error) {
    throw unread(error)
  }
}

/**
 * The keys that a token with this `kid` may be signed with: at once, unless they are looked for elsewhere. There may be others among them.
 *
 * @throws {AuthenticationError} `unavailable`, now or as a rejection, when there is no telling.
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

/** How long others may keep the keys of the moment, in whole seconds. */
export function maxAgeOf(keys: KeySource): number {
  const seconds = typeof keys === 'function' || !('current' in keys) ? undefined : keys.maxAgeSeconds?.()
  return seconds === undefined ? 3600 : Math.max(0, Math.floor(seconds))
}

function unread(error: unknown): Error {
  if (isAuthenticationError(error) && error.code === 'unavailable') return error
  return unavailable('the keys of service account tokens could not be read', { cause: error })
}
