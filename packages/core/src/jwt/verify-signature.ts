import { compactVerify } from 'jose/jws/compact/verify'
import { rejected } from '../errors.ts'
import type { JwsAlgorithm } from './algorithms.ts'
import type { JsonObject, UnverifiedJwt } from './read-jwt.ts'
import type { PublicJwk, VerificationKey } from './verification-key.ts'

/**
 * The claims of a token, once one of the keys has verified its signature. A token that names a key is tried with keys of that name,
 * and one that names none with all of them. The key decides the algorithm; `none` and HMAC are no algorithm of any key.
 *
 * Source: kubernetes `pkg/serviceaccount/jwt.go` (`AuthenticateToken`), RFC 7515 section 5.2, RFC 8725 section 3.1.
 *
 * Deviation: a key verifies the one algorithm that Kubernetes signs with by it (`docs/deviations.md`, algorithms of tokens).
 *
 * @throws {AuthenticationError} `rejected`, with the same text whatever is wrong with the signature.
 * @example
 * const jwt = readJwt(token)
 * const claims = jwt && (await verifySignature(jwt, keys))
 */
export async function verifySignature(
  jwt: UnverifiedJwt,
  keys: readonly VerificationKey[],
): Promise<JsonObject> {
  const named = jwt.keyId === '' ? keys : keys.filter(({ kid }) => kid === jwt.keyId)
  if (named.length === 0) throw rejected('invalid signature, no keys found')
  const candidates = named.filter(({ alg }) => alg === jwt.algorithm)
  const results = await Promise.all(candidates.map(({ key, alg }) => isSignedWith(jwt.token, key, alg)))
  // The claims were read from the very text that was verified: it has one spelling only.
  if (results.includes(true)) return jwt.claims
  throw rejected('invalid signature')
}

/** Whether this key has signed the token by this algorithm. */
export async function isSignedWith(
  token: string,
  key: CryptoKey | PublicJwk,
  algorithm: JwsAlgorithm,
): Promise<boolean> {
  try {
    const { protectedHeader } = await compactVerify(token, key, { algorithms: [algorithm] })
    // With `b64` in it, which jose knows, the payload would be something else than the claims that were read.
    return protectedHeader.crit === undefined
  } catch {
    // Errors of several kinds, of which some are plain TypeErrors. Not one of them says more than "no".
    return false
  }
}
