import { isSignedWith } from '#jws'
import { andThen, type Awaitable, firstOf } from '../../internal/awaitable.ts'
import { aString, refuseProblems } from '../../internal/options/index.ts'
import { type AuthenticationError, rejected } from '../../authenticator/errors.ts'
import { isJwsAlgorithm } from './algorithms.ts'
import { type IssuerKey, parseJwks } from './json-web-key-set.ts'
import type { UnverifiedJwt } from './read-jwt.ts'

/** The keys of an issuer. */
export interface KeySet {
  /**
   * Returns if one of the keys verifies the token with the algorithm in its header. The caller checks whether that algorithm is allowed.
   *
   * @throws {AuthenticationError} `rejected` if no key verifies it, `unavailable` if the keys cannot be fetched.
   */
  verify(jwt: UnverifiedJwt): Awaitable<void>
}

/**
 * A key set from the JSON of a JWK set; nothing is fetched.
 *
 * @throws {Error} if the string is not a JWK set.
 * @example
 * const authenticator = oidc({ issuer, audience, keySet: localKeySet(jwks) })
 */
export function localKeySet(jwks: string): KeySet {
  refuseProblems(aString(jwks, 'jwks'))
  const keys = issuerKeys(parseJwks(jwks))
  return {
    verify: (jwt) =>
      andThen(isSignedByOneOf(keys, jwt), (isSigned) => {
        if (!isSigned) throw notSigned()
      }),
  }
}

/** No key verifies the token. A shared instance: it contains nothing about the token. */
export function notSigned(): AuthenticationError {
  return rejected('failed to verify signature: failed to verify id token signature')
}

function tooManyCandidates(): AuthenticationError {
  return rejected(`failed to verify signature: more than ${MAX_CANDIDATES} keys match the token`)
}

/** The keys of an issuer, indexed by `kid`. */
export interface IssuerKeys {
  readonly all: readonly IssuerKey[]
  readonly byId: ReadonlyMap<string, readonly IssuerKey[]>
}

/** Before any key is known. */
export const NO_KEYS: IssuerKeys = { all: [], byId: new Map() }

/** Indexes keys by `kid`. */
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
 * Whether one of the keys verifies the token. Only keys with the `kid` of the token are tried, or all keys if the token has none, one after
 * the other.
 *
 * Deviation: a token that matches more than 16 keys is refused (`docs/deviations.md`, tokens that name no key).
 *
 * @throws {AuthenticationError} `rejected` if too many keys match.
 */
export function isSignedByOneOf({ all, byId }: IssuerKeys, jwt: UnverifiedJwt): Awaitable<boolean> {
  const { algorithm, keyId } = jwt
  if (!isJwsAlgorithm(algorithm)) return false
  const named = keyId === '' ? all : byId.get(keyId)
  if (named === undefined) return false
  const candidates = named.filter(({ algorithms }) => algorithms.has(algorithm))
  if (candidates.length > MAX_CANDIDATES) throw tooManyCandidates()
  return firstOf<IssuerKey, boolean, boolean>(
    candidates,
    ({ jwk }) => isSignedWith(jwt, jwk, algorithm),
    (_, isSigned) => (isSigned ? true : undefined),
    () => false,
  )
}

/**
 * Maximum number of keys to try for one token. Each costs a verification, and attackers can send tokens without `kid` for free. No real
 * issuer signs without `kid` while it has more keys.
 */
export const MAX_CANDIDATES = 16
