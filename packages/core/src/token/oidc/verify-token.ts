import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import { AuthenticationError, isAuthenticationError, rejected } from '../../authenticator/errors.ts'
import type { JwsAlgorithm } from '../jwt/algorithms.ts'
import type { KeySet } from '../jwt/key-set.ts'
import type { UnverifiedJwt } from '../jwt/read-jwt.ts'
import { isObject, type JsonObject, member } from '../../internal/objects.ts'
import { quoted } from '@kube-authn/internal/quote'
import { goTime, quotedList, wrongType } from './go-text.ts'

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

/** The source of a distributed claim (OpenID Connect Core 1.0 section 5.6.2). */
export interface ClaimSource {
  /** `''` if the claim is not fetched. */
  readonly endpoint: string
  readonly accessToken: string
}

/** The claims whose meaning OpenID Connect defines. */
export interface RegisteredClaims {
  readonly audiences: readonly string[]
  /** Seconds since the epoch. A token without `exp` has expired. */
  readonly expiry: number
  /** Seconds since the epoch. */
  readonly notBefore?: number
  /** Seconds since the epoch. It is not checked. */
  readonly issuedAt?: number
  readonly distributed: ReadonlyMap<string, ClaimSource>
}

/** Year 1: the expiry of a token without `exp`. */
const NEVER_SET = -62_135_596_800

/**
 * Reads the claims that OpenID Connect defines. Absent or `null` claims read as empty, but `null` is not a valid time. A claim of the wrong
 * type is an error, even if it is not used.
 *
 * Source: coreos/go-oidc `oidc/oidc.go` (`idToken`), `oidc/verify.go`.
 *
 * Deviation: names are case-sensitive, and times beyond 2^53 seconds are invalid (`docs/deviations.md`, names of claims; times in tokens).
 *
 * @throws {AuthenticationError} `rejected`.
 */
function readRegisteredClaims(claims: JsonObject): RegisteredClaims {
  for (const name of ['iss', 'sub', 'nonce', 'at_hash']) textOf(claims, name, 'idToken')
  const issuedAt = timeOf(claims, 'iat')
  // The only time that may be `null`.
  const notBefore = member(claims, 'nbf') === undefined ? undefined : timeOf(claims, 'nbf')
  return {
    audiences: audiencesOf(claims),
    expiry: timeOf(claims, 'exp') ?? NEVER_SET,
    ...(notBefore !== undefined && { notBefore }),
    ...(issuedAt !== undefined && { issuedAt }),
    distributed: distributedOf(claims),
  }
}

/** @param struct the Go name of the object, for the error. */
function textOf(object: JsonObject, name: string, struct: string): string {
  const value = member(object, name) ?? ''
  if (typeof value !== 'string') throw malformed(wrongType(value, 'string', `${struct}.${name}`))
  return value
}

/** A JSON number, which may be quoted. Fractions of a second are dropped. */
function timeOf(claims: JsonObject, name: string): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined
  const value = claims[name]
  const isNumeral = typeof value === 'string' && value.length <= 64 && NUMERAL.test(value)
  const seconds = typeof value === 'number' || isNumeral ? Math.trunc(Number(value)) : NaN
  // Times beyond Go's range overflow there to the distant past, so they must not count as far future here.
  if (!Number.isFinite(seconds) || seconds > Number.MAX_SAFE_INTEGER)
    throw malformed('a time must be a number in range')
  return seconds
}

const NUMERAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** `aud`: a string or a list of strings; `null` is the empty string, also in a list. */
function audiencesOf(claims: JsonObject): readonly string[] {
  if (!Object.hasOwn(claims, 'aud')) return []
  const value = claims['aud'] ?? ''
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) throw malformed(wrongType(value, '[]string'))
  return value.map((each: unknown) => {
    if (typeof each !== 'string' && each !== null) throw malformed(wrongType(each, 'string'))
    return each ?? ''
  })
}

function distributedOf(claims: JsonObject): ReadonlyMap<string, ClaimSource> {
  if (!Object.hasOwn(claims, '_claim_names') && !Object.hasOwn(claims, '_claim_sources')) return new Map()
  const sources = new Map(
    entriesOf(claims, '_claim_sources').map(([name, source]) => [name, sourceOf(source)]),
  )
  return new Map(
    entriesOf(claims, '_claim_names').map(([claim, name]) => {
      if (name !== null && typeof name !== 'string') {
        throw malformed(wrongType(name, 'string', 'idToken._claim_names'))
      }
      if (name === null || name === '') throw rejected('oidc: failed to obtain source from claim name')
      const source = sources.get(name)
      if (source === undefined) throw rejected('oidc: source does not exist')
      return [claim, source]
    }),
  )
}

function sourceOf(value: unknown): ClaimSource {
  if (value !== null && !isObject(value)) {
    throw malformed(wrongType(value, 'oidc.claimSource', 'idToken._claim_sources'))
  }
  const source = value ?? {}
  const struct = 'claimSource._claim_sources'
  return { endpoint: textOf(source, 'endpoint', struct), accessToken: textOf(source, 'access_token', struct) }
}

function entriesOf(claims: JsonObject, name: string): readonly (readonly [string, unknown])[] {
  const value = member(claims, name) ?? {}
  if (!isObject(value)) {
    const wanted = name === '_claim_names' ? 'string' : 'oidc.claimSource'
    throw malformed(wrongType(value, `map[string]${wanted}`, `idToken.${name}`))
  }
  return Object.entries(value)
}

function malformed(why: string): Error {
  return rejected(`oidc: failed to unmarshal claims: ${why}`)
}

const GOOGLE = 'https://accounts.google.com'

/**
 * Normalises `iss`: Google uses two spellings of its issuer.
 *
 * Source: OpenID Connect Core 1.0 section 15.6.2.
 */
export function issuerNamed(iss: string): string {
  return `https://${iss}` === GOOGLE ? GOOGLE : iss
}
