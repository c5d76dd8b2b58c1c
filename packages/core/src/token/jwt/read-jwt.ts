import { isObject, type JsonObject, member } from '../../internal/objects.ts'
import { isCanonicalBase64url, textOfBase64url } from '../../internal/base64url.ts'
import { strictJson } from './strict-json.ts'

/** A token in the form of a compact JWS (RFC 7515 section 7.1), not verified. */
export interface UnverifiedJws {
  readonly token: string
  /** `alg` of the header. */
  readonly algorithm: string
  /** `kid` of the header; `''` if absent. */
  readonly keyId: string
  /** `typ` of the header, of any type; `undefined` if absent. */
  readonly type?: unknown
  /** `jwk` of the header, of any type; `undefined` if absent. Only a proof of possession has its own key; anywhere else it must be ignored. */
  readonly jwk?: unknown
  /** Whether the header has `crit`. No extension is supported, so its value does not matter. */
  readonly isCritical: boolean
  /** The signed payload in base64url. */
  readonly payload: string
}

/** A token in the form of a signed JWT, not verified. */
export interface UnverifiedJwt extends UnverifiedJws {
  /** `iss`, unverified: use it only to select the authenticator. `''` if absent. */
  readonly issuer: string
  readonly claims: JsonObject
}

/** Maximum length of a JWT: twice Node's limit for all headers of a request. */
export const MAX_TOKEN_LENGTH = 32_768

/**
 * Parses a signed JWT in compact form (RFC 7515 section 7.1). Returns `undefined` for any other string, which is not an error: it may
 * belong to another authenticator.
 *
 * Source: go-jose `jws.go` (`ParseSigned`).
 *
 * Deviation: base64url must be canonical, JSON members must be unique, and the length of tokens is limited (`docs/deviations.md`, token
 * text). Otherwise a revocation list or a cache could miss a token in another spelling, and two parsers could read it differently. Only the
 * used members of a header are read, and claims may be nested to any depth (`docs/deviations.md`, members of token headers; depth of
 * tokens).
 */
export function readJwt(token: string): UnverifiedJwt | undefined {
  const jws = readJws(token)
  const claims = jws && objectOfJson(jws.payload)
  if (jws === undefined || claims === undefined) return undefined
  const issuer = issuerIn(claims)
  if (issuer === undefined) return undefined
  return { ...jws, issuer, claims }
}

/** Parses a JWS like {@link readJwt}, with any payload. */
export function readJws(token: string): UnverifiedJws | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined
  const payloadStart = token.indexOf('.') + 1
  const payloadEnd = token.indexOf('.', payloadStart)
  if (payloadStart === 0 || payloadEnd === -1) return undefined
  const protectedHeader = token.slice(0, payloadStart - 1)
  const payload = token.slice(payloadStart, payloadEnd)
  // The rest is the signature: another dot in it is not valid base64url.
  if (!isCanonicalBase64url(payload) || !isCanonicalBase64url(token.slice(payloadEnd + 1))) return undefined
  const header = isCanonicalBase64url(protectedHeader) ? objectOfJson(protectedHeader) : undefined
  if (header === undefined) return undefined
  const algorithm = member(header, 'alg')
  const keyId = member(header, 'kid') ?? ''
  if (typeof algorithm !== 'string' || typeof keyId !== 'string') return undefined
  const type = Object.hasOwn(header, 'typ') ? header['typ'] : undefined
  const jwk = Object.hasOwn(header, 'jwk') ? header['jwk'] : undefined
  return { token, algorithm, keyId, type, jwk, isCritical: Object.hasOwn(header, 'crit'), payload }
}

/**
 * The unverified `iss` of a token, even if the rest of the token is malformed; `undefined` if the claims are unreadable.
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

export interface IssuedToken {
  /** Unverified; `''` if absent. */
  readonly issuer: string
  /** `undefined` if the token is malformed outside its claims: it still belongs to this issuer. */
  readonly jwt: UnverifiedJwt | undefined
}

/** Parses a token with {@link readJwt}, falling back to {@link unverifiedIssuer}. */
export function readIssuedToken(token: string): IssuedToken | undefined {
  const jwt = readJwt(token)
  const issuer = jwt === undefined ? unverifiedIssuer(token) : jwt.issuer
  return issuer === undefined ? undefined : { issuer, jwt }
}

/** `''` if absent, `undefined` if not a string. */
function issuerIn(claims: JsonObject): string | undefined {
  const issuer = member(claims, 'iss') ?? ''
  return typeof issuer === 'string' ? issuer : undefined
}

function objectOfJson(base64url: string): JsonObject | undefined {
  try {
    const value = strictJson(textOfBase64url(base64url))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
