import { isSignedWith } from '#jws'
import { andThen, type Awaitable, firstOf } from '../awaitable.ts'
import { aString, refuseProblems } from '../options/index.ts'
import { rejected } from '../errors.ts'
import { isJwsAlgorithm } from './algorithms.ts'
import { type IssuerKey, parseJwks } from './json-web-key-set.ts'
import type { UnverifiedJwt } from './read-jwt.ts'

/** The keys of an issuer. */
export interface KeySet {
  /**
   * Returns when one of the keys has signed the token, by the algorithm in its header. Whether that algorithm is wanted is for others
   * to say.
   *
   * @throws {AuthenticationError} `rejected` when none has, `unavailable` when the keys could not be had.
   */
  verify(jwt: UnverifiedJwt): Awaitable<void>
}

/**
 * Keys that are known already: a JWK set as text, which nobody fetches.
 *
 * @throws {Error} when it is no JWK set.
 * @example
 * const authenticator = oidc({ issuer, claimMappings, keySet: localKeySet(jwks) })
 */
export function localKeySet(jwks: string): KeySet {
  refuseProblems(aString(jwks, 'jwks'))
  const keys = parseJwks(jwks)
  return {
    verify: (jwt) =>
      andThen(isSignedByOneOf(keys, jwt), (isSigned) => {
        if (!isSigned) throw notSigned()
      }),
  }
}

/** No key has signed it. */
export function notSigned(): Error {
  return rejected('failed to verify signature: failed to verify id token signature')
}

/**
 * Whether one of the keys has signed a token. A token that names a key is tried with keys of that name, and one that names none with
 * all of them, one after the other.
 */
export function isSignedByOneOf(keys: readonly IssuerKey[], jwt: UnverifiedJwt): Awaitable<boolean> {
  const { algorithm, keyId } = jwt
  if (!isJwsAlgorithm(algorithm)) return false
  const candidates = keys.filter(
    ({ kid, algorithms }) => (keyId === '' || kid === keyId) && algorithms.has(algorithm),
  )
  return firstOf<IssuerKey, boolean, boolean>(
    candidates,
    ({ jwk }) => isSignedWith(jwt, jwk, algorithm),
    (_, isSigned) => (isSigned ? true : undefined),
    () => false,
  )
}
