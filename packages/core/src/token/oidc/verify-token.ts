import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import { AuthenticationError, isAuthenticationError, rejected } from '../../authenticator/errors.ts'
import type { JwsAlgorithm } from '../jwt/algorithms.ts'
import type { KeySet } from '../jwt/key-set.ts'
import type { UnverifiedJwt } from '../jwt/read-jwt.ts'
import { quoted } from '@kube-authn/internal/quote'
import { goTime, quotedList } from './go-text.ts'
import { readRegisteredClaims, type RegisteredClaims } from './registered-claims.ts'

/** The checks that a token must pass. */
export interface TokenRules {
  readonly audiences: readonly string[]
  readonly algorithms: readonly JwsAlgorithm[]
  readonly clock: Clock
}

/** How far the clock of an issuer may be ahead of ours. */
const NOT_BEFORE_LEEWAY_SECONDS = 60

/**
 * Verifies a token of a known issuer: its algorithm, then its signature, then its claims.
 *
 * Source: coreos/go-oidc `oidc/verify.go` (`IDTokenVerifier.Verify`), OpenID Connect Core 1.0 section 3.1.3.7.
 *
 * @throws {AuthenticationError} `rejected`, or `unavailable` if the keys cannot be fetched.
 */
export function verifyToken(
  jwt: UnverifiedJwt,
  keySet: KeySet,
  rules: TokenRules,
): Awaitable<RegisteredClaims> {
  const { algorithms } = rules
  if (!algorithms.some((algorithm) => algorithm === jwt.algorithm)) {
    const expected = quotedList(algorithms)
    const found = quoted(jwt.algorithm.slice(0, 16))
    throw rejected(`oidc: id token signed with unsupported algorithm, expected ${expected} got ${found}`)
  }
  return andThen(keySet.verify(jwt), () => checkedClaims(jwt, rules))
}

function checkedClaims(jwt: UnverifiedJwt, { audiences, clock }: TokenRules): RegisteredClaims {
  const claims = readRegisteredClaims(jwt.claims)
  // The order of Kubernetes: go-oidc checks a single audience before the times; Kubernetes checks several audiences itself, after them.
  if (audiences.length === 1) checkAudience(claims.audiences, audiences)
  checkTimes(claims, clock.now() / 1000)
  if (audiences.length !== 1) checkAudience(claims.audiences, audiences)
  return claims
}

function checkAudience(found: readonly string[], accepted: readonly string[]): void {
  if (found.some((audience) => accepted.includes(audience))) return
  const [only = ''] = accepted
  const expected = accepted.length === 1 ? quoted(only) : `in ${quotedList(accepted.toSorted())}`
  throw rejected(`oidc: expected audience ${expected} got ${quotedList(found)}`)
}

function checkTimes({ expiry, notBefore }: RegisteredClaims, nowSeconds: number): void {
  if (expiry < nowSeconds) throw rejected(`oidc: token is expired (Token Expiry: ${goTime(expiry)})`)
  if (notBefore !== undefined && nowSeconds + NOT_BEFORE_LEEWAY_SECONDS < notBefore) {
    const [now, then] = [goTime(nowSeconds), goTime(notBefore)]
    throw rejected(`oidc: current time ${now} before the nbf (not before) time: ${then}`)
  }
}

/** The same error with a prefix, as Go wraps errors. */
export function wrapped(prefix: string, error: unknown): unknown {
  if (!isAuthenticationError(error)) return error
  const { code, message, retryAfterSeconds } = error
  return new AuthenticationError(code, `${prefix}: ${message}`, {
    cause: error,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })
}
