import { isObject, type JsonObject, member } from '../../internal/objects.ts'
import { rejected } from '../../authenticator/errors.ts'
import { wrongType } from './go-text.ts'

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
  /** The source of each distributed claim. */
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
export function readRegisteredClaims(claims: JsonObject): RegisteredClaims {
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

const NONE: ReadonlyMap<string, ClaimSource> = new Map()

function distributedOf(claims: JsonObject): ReadonlyMap<string, ClaimSource> {
  if (!Object.hasOwn(claims, '_claim_names') && !Object.hasOwn(claims, '_claim_sources')) return NONE
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
