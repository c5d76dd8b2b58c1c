import { rejected } from '../../authenticator/errors.ts'
import { isJsonObject, type JsonObject, member } from '../jwt/read-jwt.ts'
import { wrongType } from './go-text.ts'

/** Where a claim is that is not in the token itself (OpenID Connect Core 1.0 section 5.6.2). */
export interface ClaimSource {
  /** `''` where the claim is not to be fetched. */
  readonly endpoint: string
  readonly accessToken: string
}

/** The claims of a token that everybody reads alike. */
export interface RegisteredClaims {
  readonly audiences: readonly string[]
  /** Seconds since the epoch; absent is long ago. */
  readonly expiry: number
  /** Seconds since the epoch. */
  readonly notBefore?: number
  /** The source of each claim that is elsewhere. */
  readonly distributed: ReadonlyMap<string, ClaimSource>
}

/** Year 1: when a token expired that does not say when. */
const NEVER_SET = -62_135_596_800

/**
 * Reads the claims that OpenID Connect defines. What is absent or `null` is empty, but for times, which `null` is none of; what has
 * another type is an error, also where nobody needs it.
 *
 * Source: coreos/go-oidc `oidc/oidc.go` (`idToken`), `oidc/verify.go`.
 *
 * Deviation: names are exact, and a time beyond 2^53 seconds is none (`docs/deviations.md`, names of claims; times in tokens).
 *
 * @throws {AuthenticationError} `rejected`.
 */
export function readRegisteredClaims(claims: JsonObject): RegisteredClaims {
  for (const name of ['iss', 'sub', 'nonce', 'at_hash']) textOf(claims, name, 'idToken')
  timeOf(claims, 'iat')
  // The one time that may be `null`.
  const notBefore = member(claims, 'nbf') === undefined ? undefined : timeOf(claims, 'nbf')
  return {
    audiences: audiencesOf(claims),
    expiry: timeOf(claims, 'exp') ?? NEVER_SET,
    ...(notBefore !== undefined && { notBefore }),
    distributed: distributedOf(claims),
  }
}

/** @param struct what Go calls the object, for its error. */
function textOf(object: JsonObject, name: string, struct: string): string {
  const value = member(object, name) ?? ''
  if (typeof value !== 'string') throw malformed(wrongType(value, 'string', `${struct}.${name}`))
  return value
}

function timeOf(claims: JsonObject, name: string): number | undefined {
  return Object.hasOwn(claims, name) ? timeIn(claims[name]) : undefined
}

/** A number as JSON writes one, which may be in quotes. Parts of a second do not count. */
function timeIn(value: unknown): number {
  const isNumeral = typeof value === 'string' && value.length <= 64 && NUMERAL.test(value)
  const seconds = typeof value === 'number' || isNumeral ? Math.trunc(Number(value)) : NaN
  // What Go has no seconds for is long ago to it, and not for ever.
  if (!Number.isFinite(seconds) || seconds > Number.MAX_SAFE_INTEGER) throw malformed('a time is no number')
  return seconds
}

const NUMERAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** `aud`: one text, which `null` is an empty one of, or a list of them. */
function audiencesOf(claims: JsonObject): readonly string[] {
  if (!Object.hasOwn(claims, 'aud')) return []
  const value = claims['aud'] ?? ''
  return textsIn(typeof value === 'string' ? [value] : value)
}

/** A list of texts, in which `null` is the empty text. */
function textsIn(value: unknown): readonly string[] {
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
  if (value !== null && !isJsonObject(value)) {
    throw malformed(wrongType(value, 'oidc.claimSource', 'idToken._claim_sources'))
  }
  const source = value ?? {}
  const struct = 'claimSource._claim_sources'
  return { endpoint: textOf(source, 'endpoint', struct), accessToken: textOf(source, 'access_token', struct) }
}

function entriesOf(claims: JsonObject, name: string): readonly (readonly [string, unknown])[] {
  const value = member(claims, name) ?? {}
  if (!isJsonObject(value)) {
    const wanted = name === '_claim_names' ? 'string' : 'oidc.claimSource'
    throw malformed(wrongType(value, `map[string]${wanted}`, `idToken.${name}`))
  }
  return Object.entries(value)
}

function malformed(why: string): Error {
  return rejected(`oidc: failed to unmarshal claims: ${why}`)
}
