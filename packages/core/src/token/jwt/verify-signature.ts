import type { JsonObject } from '../../internal/objects.ts'
import { isSignedWith } from '#jws'
import { type Awaitable, firstOf } from '../../internal/awaitable.ts'
import { rejected } from '../../authenticator/errors.ts'
import { MAX_CANDIDATES } from './key-set.ts'
import type { UnverifiedJwt } from './read-jwt.ts'
import type { VerificationKey } from './verification-key.ts'

/**
 * Returns the claims of a token once one of the keys has verified its signature. Only keys with the `kid` of the token are tried, or all
 * keys if the token has none. The key determines the algorithm; `none` and HMAC are never accepted.
 *
 * Source: kubernetes `pkg/serviceaccount/jwt.go` (`AuthenticateToken`), RFC 7515 section 5.2, RFC 8725 section 3.1.
 *
 * Deviation: each key verifies only the one algorithm that Kubernetes signs with, and a token that matches more than 16 keys is refused
 * (`docs/deviations.md`, algorithms of tokens; tokens that name no key).
 *
 * @throws {AuthenticationError} `rejected`, with the same message for every invalid signature.
 */
export function verifySignature(jwt: UnverifiedJwt, keys: readonly VerificationKey[]): Awaitable<JsonObject> {
  const named = jwt.keyId === '' ? keys : keys.filter(({ kid }) => kid === jwt.keyId)
  if (named.length === 0) throw rejected('invalid signature, no keys found')
  const candidates = named.filter(({ alg }) => alg === jwt.algorithm)
  if (candidates.length > MAX_CANDIDATES) {
    throw rejected(`invalid signature: more than ${MAX_CANDIDATES} keys match the token`)
  }
  return firstOf(
    candidates,
    ({ key, alg }) => isSignedWith(jwt, key, alg),
    // The claims come from exactly the verified bytes: only canonical base64url is accepted.
    (_, isSigned) => (isSigned ? jwt.claims : undefined),
    () => {
      throw rejected('invalid signature')
    },
  )
}
