import { ConfigurationError } from '../../authenticator/errors.ts'
import { bytesOfBase64url, isCanonicalBase64url } from '../../internal/base64url.ts'

/** The public members of a key (RFC 7517). More may be added in a minor version; handle the rest. */
export type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }

/** The public members of a JWK. @throws {ConfigurationError} if it is neither an RSA nor an EC key, or an RSA key of an unsupported size. */
export function publicJwkOf(
  jwk: Partial<Readonly<Record<'kty' | 'n' | 'e' | 'crv' | 'x' | 'y', unknown>>>,
): PublicJwk {
  const { kty, n, e, crv, x, y } = jwk
  if (kty === 'RSA' && isMember(n) && isMember(e)) {
    checkRsa(n, e)
    return { kty, n, e }
  }
  if (kty === 'EC' && typeof crv === 'string' && isMember(x) && isMember(y)) return { kty, crv, x, y }
  throw invalidKey('is neither an RSA key nor an EC key')
}

function isMember(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && isCanonicalBase64url(value)
}

const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 16_384

function checkRsa(n: string, e: string): void {
  const modulus = numberOf(n)
  const bits = modulus.length * 8 - (Math.clz32(modulus[0] ?? 0) - 24)
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    throw invalidKey(`an RSA key must have ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits`)
  }
  // As in Go: with an exponent of 1 any signature can be forged, and a large exponent makes verification slow.
  const octets = numberOf(e)
  const exponent = octets.reduce((number, octet) => number * 256 + octet, 0)
  if (octets.length > 4 || exponent < 3 || exponent >= 2 ** 31 || exponent % 2 === 0) {
    throw invalidKey('the exponent of an RSA key must be odd, above 2 and below 2^31')
  }
}

/** The octets of a number without leading zeros, which some issuers add. */
function numberOf(text: string): Uint8Array {
  const octets = bytesOfBase64url(text)
  const first = octets.findIndex((octet) => octet !== 0)
  return first === -1 ? new Uint8Array() : octets.subarray(first)
}

/** An error about a key, with none of its bytes. */
export function invalidKey(message: string): ConfigurationError {
  return new ConfigurationError([{ path: 'key', message }])
}

/** The signing algorithm of a service account token, which follows from its key: RS256 for RSA of any size, and one per curve. More may be added in a minor version; handle the rest. */
export type SigningAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512'

const ALGORITHM_OF_CURVE: ReadonlyMap<string, SigningAlgorithm> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
])

export function algorithmOfCurve(curve: string): SigningAlgorithm | undefined {
  return ALGORITHM_OF_CURVE.get(curve)
}
