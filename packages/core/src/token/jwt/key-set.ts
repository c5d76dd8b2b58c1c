import { isSignedWith } from '#jws'
import { andThen, type Awaitable, firstOf } from '../../internal/awaitable.ts'
import { aString, refuseProblems } from '../../internal/options/index.ts'
import { type AuthenticationError, rejected } from '../../authenticator/errors.ts'
import { isJwsAlgorithm } from './algorithms.ts'
import { MAX_CANDIDATES } from './candidates.ts'
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
  const keys = issuerKeys(parseJwks(jwks))
  return {
    verify: (jwt) =>
      andThen(isSignedByOneOf(keys, jwt), (isSigned) => {
        if (!isSigned) throw notSigned
      }),
  }
}

/** No key has signed it. One object for all: it says nothing about the token. */
export const notSigned: AuthenticationError = Object.freeze(
  rejected('failed to verify signature: failed to verify id token signature'),
)

const tooManyCandidates: AuthenticationError = Object.freeze(
  rejected(`failed to verify signature: the token fits more than ${MAX_CANDIDATES} keys, and none is tried`),
)

/** The keys of an issuer, by what tokens call them. */
export interface IssuerKeys {
  readonly all: readonly IssuerKey[]
  readonly byId: ReadonlyMap<string, readonly IssuerKey[]>
}

/** Keys, ready to be found. */
export function issuerKeys(all: readonly IssuerKey[]): IssuerKeys {
  const byId = new Map<string, IssuerKey[]>()
  for (const key of all) {
    const others = byId.get(key.kid)
    if (others === undefined) byId.set(key.kid, [key])
    else others.push(key)
  }
  return { all, byId }
}

/**
 * Whether one of the keys has signed a token. A token that names a key is tried with keys of that name, and one that names none with
 * all of them, one after the other.
 *
 * Deviation: a token that more than 16 keys could have signed is refused (`docs/deviations.md`, tokens that name no key).
 *
 * @throws {AuthenticationError} `rejected` when there are too many.
 */
export function isSignedByOneOf({ all, byId }: IssuerKeys, jwt: UnverifiedJwt): Awaitable<boolean> {
  const { algorithm, keyId } = jwt
  if (!isJwsAlgorithm(algorithm)) return false
  const named = keyId === '' ? all : byId.get(keyId)
  if (named === undefined) return false
  const candidates = named.filter(({ algorithms }) => algorithms.has(algorithm))
  if (candidates.length > MAX_CANDIDATES) throw tooManyCandidates
  return firstOf<IssuerKey, boolean, boolean>(
    candidates,
    ({ jwk }) => isSignedWith(jwt, jwk, algorithm),
    (_, isSigned) => (isSigned ? true : undefined),
    () => false,
  )
}
