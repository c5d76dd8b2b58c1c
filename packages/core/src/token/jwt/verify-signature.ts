import { isSignedWith } from '#jws'
import { type Awaitable, firstOf } from '../../internal/awaitable.ts'
import { rejected } from '../../authenticator/errors.ts'
import { MAX_CANDIDATES } from './candidates.ts'
import type { JsonObject, UnverifiedJwt } from './read-jwt.ts'
import type { VerificationKey } from './verification-key.ts'

/**
 * The claims of a token, once one of the keys has verified its signature. A token that names a key is tried with keys of that name,
 * and one that names none with all of them. The key decides the algorithm; `none` and HMAC are no algorithm of any key.
 *
 * Source: kubernetes `pkg/serviceaccount/jwt.go` (`AuthenticateToken`), RFC 7515 section 5.2, RFC 8725 section 3.1.
 *
 * Deviation: a key verifies the one algorithm that Kubernetes signs with by it, and a token that more than 16 keys could have signed is
 * refused (`docs/deviations.md`, algorithms of tokens; tokens that name no key).
 *
 * @throws {AuthenticationError} `rejected`, with the same text whatever is wrong with the signature.
 * @example
 * const jwt = readJwt(token)
 * const claims = jwt && (await verifySignature(jwt, keys))
 */
export function verifySignature(jwt: UnverifiedJwt, keys: readonly VerificationKey[]): Awaitable<JsonObject> {
  const named = jwt.keyId === '' ? keys : keys.filter(({ kid }) => kid === jwt.keyId)
  if (named.length === 0) throw noKeys
  const candidates = named.filter(({ alg }) => alg === jwt.algorithm)
  if (candidates.length > MAX_CANDIDATES) throw tooManyCandidates
  return firstOf(
    candidates,
    ({ key, alg }) => isSignedWith(jwt, key, alg),
    // The claims were read from the very text that was verified: it has one spelling only.
    (_, isSigned) => (isSigned ? jwt.claims : undefined),
    () => {
      throw invalidSignature
    },
  )
}

// One object for all: none says anything about a token.
const noKeys: Error = Object.freeze(rejected('invalid signature, no keys found'))
const invalidSignature: Error = Object.freeze(rejected('invalid signature'))
const tooManyCandidates: Error = Object.freeze(
  rejected(`invalid signature: the token fits more than ${MAX_CANDIDATES} keys, and none is tried`),
)
