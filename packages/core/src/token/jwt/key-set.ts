import { isSignedWith } from '#jws'
import { andThen, type Awaitable, firstOf } from '../../internal/awaitable.ts'
import { must } from '../../internal/options/check.ts'
import { refuseProblems } from '../../internal/options/shape.ts'
import { type AuthenticationError, rejected } from '../../authenticator/errors.ts'
import { isJwsAlgorithm, type JwsAlgorithm, RSA_ALGORITHMS } from './algorithms.ts'
import type { UnverifiedJwt } from './read-jwt.ts'
import { isObject, member } from '../../internal/objects.ts'
import { algorithmOfCurve, type PublicJwk, publicJwkOf } from './public-jwk.ts'

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
 * A key set from a JWK set, as an object or its JSON; nothing is fetched. @throws {Error} if it is not a JWK set.
 * @example
 * const authenticator = oidc({ issuer, audience, keySet: localKeySet(jwks) })
 */
export function localKeySet(jwks: string | { readonly keys: readonly object[] }): KeySet {
  refuseProblems(typeof jwks === 'string' ? [] : aJwks(jwks, 'jwks'))
  const keys = issuerKeys(parseJwks(typeof jwks === 'string' ? jwks : JSON.stringify(jwks)))
  return {
    verify: (jwt) =>
      andThen(isSignedByOneOf(keys, jwt), (isSigned) => {
        if (!isSigned) throw notSigned()
      }),
  }
}

const aJwks = must('must be a JWK set: its JSON, or { keys: [...] }', isObject)

/** No key verifies the token. */
export function notSigned(): AuthenticationError {
  return rejected('failed to verify signature: failed to verify id token signature')
}

export interface IssuerKeys {
  readonly all: readonly IssuerKey[]
  readonly byId: ReadonlyMap<string, readonly IssuerKey[]>
}

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
  if (candidates.length > MAX_CANDIDATES) {
    throw rejected(`failed to verify signature: more than ${MAX_CANDIDATES} keys match the token`)
  }
  return firstOf<IssuerKey, boolean, boolean>(
    candidates,
    ({ jwk }) => isSignedWith(jwt, jwk, algorithm),
    (_, isSigned) => (isSigned ? true : undefined),
    () => false,
  )
}

/** Maximum number of keys to try for one token. Each costs a verification, and attackers can send tokens without `kid` for free. No real issuer signs without `kid` while it has more keys. */
export const MAX_CANDIDATES = 16

/** A key published by an issuer. */
export interface IssuerKey {
  /** `''` if absent. */
  readonly kid: string
  readonly jwk: PublicJwk
  /** The algorithms that this kind of key can verify. */
  readonly algorithms: ReadonlySet<JwsAlgorithm>
}

/** More keys than any real issuer has at a time, even with one per customer. */
const MAX_KEYS = 2048

/**
 * The usable keys of a JWK set (RFC 7517 section 5): RSA, and EC on P-256, P-384 or P-521. Other and invalid keys are skipped. As in
 * Kubernetes, `use` and `alg` are ignored.
 *
 * Deviation: at most 2,048 keys, and RSA keys of 2,048 to 16,384 bits (`docs/deviations.md`, requests to issuers; RSA keys of tokens;
 * keys in a set).
 *
 * @throws {Error} if it is not a JWK set or has too many keys.
 */
export function parseJwks(text: string): readonly IssuerKey[] {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    // The parser error would repeat a part of the input.
  }
  const keys: unknown = isObject(set) ? member(set, 'keys') : undefined
  if (!Array.isArray(keys)) throw new TypeError('not a JWK set')
  if (keys.length > MAX_KEYS) throw new Error(`the JWK set has more than ${MAX_KEYS} keys`)
  return keys.map((key: unknown) => issuerKeyOf(key)).filter((key) => key !== undefined)
}

/** The algorithms that a kind of key can verify; none if its curve is not supported. */
export function algorithmsOfKey(jwk: PublicJwk): ReadonlySet<JwsAlgorithm> {
  if (jwk.kty === 'RSA') return RSA_ALGORITHMS
  const ofCurve = algorithmOfCurve(jwk.crv)
  return new Set(ofCurve === undefined ? [] : [ofCurve])
}

function issuerKeyOf(value: unknown): IssuerKey | undefined {
  if (!isObject(value)) return undefined
  try {
    const jwk = publicJwkOf(value)
    const kid = member(value, 'kid')
    const algorithms = algorithmsOfKey(jwk)
    if (algorithms.size === 0) return undefined
    return { kid: typeof kid === 'string' ? kid : '', jwk: Object.freeze(jwk), algorithms }
  } catch {
    return undefined
  }
}
