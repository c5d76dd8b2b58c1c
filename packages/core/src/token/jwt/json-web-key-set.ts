import { isObject, member } from '../../internal/objects.ts'
import { type JwsAlgorithm, RSA_ALGORITHMS } from './algorithms.ts'
import { algorithmOfCurve, type PublicJwk, publicJwkOf } from './verification-key.ts'

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
  const keys = keysIn(text)
  if (keys === undefined) throw new TypeError('not a JWK set')
  if (keys.length > MAX_KEYS) throw new Error(`the JWK set has more than ${MAX_KEYS} keys`)
  return keys.map(issuerKeyOf).filter((key) => key !== undefined)
}

function keysIn(text: string): readonly unknown[] | undefined {
  try {
    const set: unknown = JSON.parse(text)
    const keys = isObject(set) ? member(set, 'keys') : undefined
    return Array.isArray(keys) ? keys : undefined
  } catch {
    // The parser error would repeat a part of the input.
    return undefined
  }
}

function issuerKeyOf(value: unknown): IssuerKey | undefined {
  if (!isObject(value)) return undefined
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
  if (algorithm === undefined) throw new Error('unsupported curve')
  return new Set([algorithm])
}
