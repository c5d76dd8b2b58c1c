import { sha256Base64url } from '#sha256'
import { isObject, type JsonObject } from '../../internal/objects.ts'
import type { JwsAlgorithm } from '../jwt/algorithms.ts'
import { algorithmsOfKey } from '../jwt/key-set.ts'
import { type PublicJwk, publicJwkOf } from '../jwt/public-jwk.ts'

/** The key of a proof. */
export interface ProofKey {
  readonly jwk: PublicJwk
  /** SHA-256 of its public members, in base64url (RFC 7638). */
  readonly thumbprint: string
}

/**
 * The public key in the header of a proof; `undefined` if it is not one, is a private or symmetric key, or cannot verify this algorithm.
 *
 * Source: RFC 9449 section 4.2 (`jwk`) and 4.3 (checks 5 and 7), RFC 7517 section 4, RFC 7518 section 6.
 */
export function proofKey(value: unknown, algorithm: JwsAlgorithm): ProofKey | undefined {
  if (!isObject(value) || NOT_PUBLIC.some((name) => Object.hasOwn(value, name))) return undefined
  if (!isForSignatures(value, algorithm)) return undefined
  let jwk: PublicJwk
  try {
    jwk = publicJwkOf(value)
  } catch {
    return undefined
  }
  if (!algorithmsOfKey(jwk).has(algorithm)) return undefined
  // Native and portable code differ in whether they accept coordinates of another length.
  if (jwk.kty === 'EC' && ![jwk.x, jwk.y].every(({ length }) => length === COORDINATE.get(jwk.crv)))
    return undefined
  return { jwk, thumbprint: thumbprintOf(jwk) }
}

/** The members of private and symmetric keys. */
const NOT_PUBLIC = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

/** The length of a coordinate in base64url. Source: RFC 7518 section 6.2.1.2. */
const COORDINATE: ReadonlyMap<string, number> = new Map([
  ['P-256', 43],
  ['P-384', 64],
  ['P-521', 88],
])

/** Whether a key does not say that it is for something else. Source: RFC 7517 sections 4.2 to 4.4. */
function isForSignatures(jwk: JsonObject, algorithm: JwsAlgorithm): boolean {
  const { use = 'sig', alg = algorithm, key_ops: operations = ['verify'] } = jwk
  return use === 'sig' && alg === algorithm && Array.isArray(operations) && operations.includes('verify')
}

/** The members in the order of their names, without white space. None of their values needs an escape. Source: RFC 7638 section 3. */
function thumbprintOf(jwk: PublicJwk): string {
  const members =
    jwk.kty === 'RSA'
      ? `{"e":"${jwk.e}","kty":"RSA","n":"${jwk.n}"}`
      : `{"crv":"${jwk.crv}","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`
  return sha256Base64url(members)
}
