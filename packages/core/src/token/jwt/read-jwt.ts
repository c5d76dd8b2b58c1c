import { isCanonicalBase64url, textOfBase64url } from '../../internal/base64url.ts'
import { strictJson } from './strict-json.ts'

/** An object of JSON. Read with `Object.hasOwn`: its names are anybody's. */
export type JsonObject = Readonly<Record<string, unknown>>

/** A token that looks signed, in compact form (RFC 7515 section 7.1). */
export interface UnverifiedJws {
  readonly token: string
  /** `alg` of the header. */
  readonly algorithm: string
  /** `kid` of the header, `''` where there is none. */
  readonly keyId: string
  /** `typ` of the header, whatever it is; `undefined` where there is none. */
  readonly type?: unknown
  /** Whether the header has `crit`, whatever it names: no extension is understood here. */
  readonly isCritical: boolean
  /** What is signed, in base64url. */
  readonly payload: string
}

/** A token that looks like a signed JWT. Nobody vouches for it yet. */
export interface UnverifiedJwt extends UnverifiedJws {
  /** `iss`, to find out whose token this is and for nothing else; `''` where there is none. */
  readonly issuer: string
  readonly claims: JsonObject
}

/** A longer token is nobody's: twice what Node takes in all headers of a request. */
export const MAX_TOKEN_LENGTH = 32_768

/**
 * Reads a signed JWT in compact form (RFC 7515 section 7.1); `undefined` for any other text, which is no error: it may be another
 * authenticator's.
 *
 * Source: go-jose `jws.go` (`ParseSigned`).
 *
 * Deviation: a signature has one spelling only, nothing in a token is there twice, and tokens have a greatest length
 * (`docs/deviations.md`, token text). Otherwise a list of refused tokens, or a cache, would not know a token by its text, and
 * two readers of a token could read different things. Of a header only what is used is read, and claims may be of any depth
 * (`docs/deviations.md`, members of token headers; depth of tokens).
 */
export function readJwt(token: string): UnverifiedJwt | undefined {
  const jws = readJws(token)
  const claims = jws && objectOfJson(jws.payload)
  if (jws === undefined || claims === undefined) return undefined
  const issuer = issuerIn(claims)
  if (issuer === undefined) return undefined
  const { algorithm, keyId, type, isCritical, payload } = jws
  return { token, algorithm, keyId, type, isCritical, payload, issuer, claims }
}

/** Reads a token as {@link readJwt} does, whatever is signed. */
export function readJws(token: string): UnverifiedJws | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined
  const payloadStart = token.indexOf('.') + 1
  const payloadEnd = token.indexOf('.', payloadStart)
  if (payloadStart === 0 || payloadEnd === -1) return undefined
  const protectedHeader = token.slice(0, payloadStart - 1)
  const payload = token.slice(payloadStart, payloadEnd)
  // The last one is the signature: with a dot in it, it is not base64url.
  if (![protectedHeader, payload, token.slice(payloadEnd + 1)].every(isCanonicalBase64url)) return undefined
  const header = objectOfJson(protectedHeader)
  if (header === undefined) return undefined
  const algorithm = member(header, 'alg')
  const keyId = member(header, 'kid') ?? ''
  if (typeof algorithm !== 'string' || typeof keyId !== 'string') return undefined
  const type = Object.hasOwn(header, 'typ') ? header['typ'] : undefined
  return { token, algorithm, keyId, type, isCritical: Object.hasOwn(header, 'crit'), payload }
}

/**
 * The issuer that a token says it is from, whatever else is in it; `undefined` when it has no claims. Unverified.
 *
 * Source: kubernetes `pkg/serviceaccount/jwt.go` (`hasCorrectIssuer`), apiserver `plugin/pkg/authenticator/token/oidc` (`untrustedIssuer`).
 */
export function unverifiedIssuer(token: string): string | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined
  const [, payload = '', ...rest] = token.split('.')
  if (rest.length !== 1 || !isCanonicalBase64url(payload)) return undefined
  const claims = objectOfJson(payload)
  return claims && issuerIn(claims)
}

/** A token that says whom it is from. */
export interface IssuedToken {
  /** Unverified; `''` where it says nothing. */
  readonly issuer: string
  /** `undefined` where the token is broken elsewhere than in its claims: it still is one of this issuer. */
  readonly jwt: UnverifiedJwt | undefined
}

/** Reads a token as {@link readJwt} does, and as {@link unverifiedIssuer} where that fails. */
export function readIssuedToken(token: string): IssuedToken | undefined {
  const jwt = readJwt(token)
  const issuer = jwt === undefined ? unverifiedIssuer(token) : jwt.issuer
  return issuer === undefined ? undefined : { issuer, jwt }
}

/** `''` where there is none, `undefined` where it is no text. */
function issuerIn(claims: JsonObject): string | undefined {
  const issuer = member(claims, 'iss') ?? ''
  return typeof issuer === 'string' ? issuer : undefined
}

/** A member of an object; `undefined` when it is absent, inherited or `null`. */
export function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined
}

/** Whether a value is an object of JSON, and neither a list nor `null`. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function objectOfJson(base64url: string): JsonObject | undefined {
  try {
    const value = strictJson(textOfBase64url(base64url))
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
