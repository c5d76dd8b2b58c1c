import { type JwsAlgorithm, RSA_ALGORITHMS } from './algorithms.ts'
import { isJsonObject, member } from './read-jwt.ts'
import { algorithmOfCurve, type PublicJwk, publicJwkOf } from './verification-key.ts'

/** A key that an issuer published. */
export interface IssuerKey {
  /** `''` where it has no name. */
  readonly kid: string
  readonly jwk: PublicJwk
  /** What a key of its kind can verify. */
  readonly algorithms: ReadonlySet<JwsAlgorithm>
}

/** More keys than any issuer has at a time, even one with a key for each of its customers. */
const MAX_KEYS = 2048

/**
 * The keys of a JWK set (RFC 7517 section 5) that tokens can be verified with: RSA, and EC on P-256, P-384 or P-521. Keys of other
 * kinds are skipped, and so are keys that are none. As in Kubernetes, `use` and `alg` of a key do not count.
 *
 * Deviation: at most 2,048 keys, and RSA keys of 2,048 to 16,384 bits (`docs/deviations.md`, requests to issuers; RSA keys of tokens;
 * keys in a set).
 *
 * @throws {Error} when it is no JWK set, or has too many keys.
 */
export function parseJwks(text: string): readonly IssuerKey[] {
  const keys = keysIn(text)
  if (keys === undefined) throw new TypeError('it is no JWK set')
  if (keys.length > MAX_KEYS) throw new Error(`it has more than ${MAX_KEYS} keys`)
  return keys.map(issuerKeyOf).filter((key) => key !== undefined)
}

function keysIn(text: string): readonly unknown[] | undefined {
  try {
    const set: unknown = JSON.parse(text)
    const keys = isJsonObject(set) ? member(set, 'keys') : undefined
    return Array.isArray(keys) ? keys : undefined
  } catch {
    // What the parser says repeats a part of the text.
    return undefined
  }
}

function issuerKeyOf(value: unknown): IssuerKey | undefined {
  if (!isJsonObject(value)) return undefined
  try {
    const jwk = publicJwkOf(value)
    const kid = member(value, 'kid')
    return { kid: typeof kid === 'string' ? kid : '', jwk: Object.freeze(jwk), algorithms: algorithmsOf(jwk) }
  } catch {
    return undefined
  }
}

function algorithmsOf(jwk: PublicJwk): ReadonlySet<JwsAlgorithm> {
  if (jwk.kty === 'RSA') return RSA_ALGORITHMS
  const algorithm = algorithmOfCurve(jwk.crv)
  if (algorithm === undefined) throw new Error('it is on another curve')
  return new Set([algorithm])
}
