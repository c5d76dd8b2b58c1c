import { ConfigurationError } from '../../authenticator/errors.ts'
import { base64urlOf, bytesOfBase64url, isCanonicalBase64url } from '../../internal/base64url.ts'

/**
 * The signing algorithm of a service account token, which follows from its key: RS256 for RSA of any size, and one per curve. More may be
 * added in a minor version; handle the rest.
 */
export type SigningAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512'

/** The public members of a key (RFC 7517). More may be added in a minor version; handle the rest. */
export type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }

/** A JSON Web Key (RFC 7517). Its private members are ignored. */
export interface Jwk {
  readonly kty?: string
  readonly kid?: string
  readonly alg?: string
  readonly use?: string
  readonly key_ops?: readonly string[]
  readonly ext?: boolean
  readonly n?: string
  readonly e?: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly d?: string
  readonly p?: string
  readonly q?: string
  readonly dp?: string
  readonly dq?: string
  readonly qi?: string
}

/** A key that verifies tokens. */
export interface VerificationKey {
  /** The `kid` of tokens signed with this key. */
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly jwk: PublicJwk
  readonly key: CryptoKey
  /** Only verifies older tokens, such as those in secrets: excluded from discovery documents and never used for signing. */
  readonly excludedFromDiscovery?: boolean
}

/** WebCrypto parameters of an algorithm. */
export type KeyParameters =
  | { readonly name: string; readonly hash: string }
  | { readonly name: string; readonly namedCurve: string }

/** WebCrypto parameters by algorithm. */
export const KEY_PARAMETERS: Readonly<Record<SigningAlgorithm, KeyParameters>> = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
}

const ALGORITHM_OF_CURVE: ReadonlyMap<string, SigningAlgorithm> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
])

/** The algorithm of keys on this curve. */
export function algorithmOfCurve(curve: string): SigningAlgorithm | undefined {
  return ALGORITHM_OF_CURVE.get(curve)
}

/**
 * Creates a verification key from an RSA or EC JWK. Private members are dropped. The default `kid` is that of Kubernetes: base64url of
 * SHA-256 over the `SubjectPublicKeyInfo`.
 *
 * Source: kubernetes `pkg/serviceaccount/jwt.go` (`keyIDFromPublicKey`), RFC 7517.
 *
 * Deviation: RSA keys must have 2,048 to 16,384 bits and an exponent above 2 (`docs/deviations.md`, RSA keys of tokens).
 *
 * @throws {ConfigurationError} if the key is of another kind or unusable.
 * @example
 * const key = await verificationKeyOfJwk({ kty: 'EC', crv: 'P-256', x, y })
 */
export async function verificationKeyOfJwk(jwk: Jwk): Promise<VerificationKey> {
  const publicJwk = publicJwkOf(jwk)
  const alg = publicJwk.kty === 'RSA' ? 'RS256' : algorithmOfCurve(publicJwk.crv)
  if (alg === undefined) throw invalidKey('the curve must be P-256, P-384 or P-521')
  let key: CryptoKey
  let spki: ArrayBuffer
  try {
    key = await crypto.subtle.importKey('jwk', publicJwk, KEY_PARAMETERS[alg], true, ['verify'])
    spki = await crypto.subtle.exportKey('spki', key)
  } catch {
    // The WebCrypto error may reveal parts of the key.
    throw invalidKey('is not a key that this runtime can use')
  }
  const kid = (jwk.kid ?? '') === '' ? await keyIdOf(spki) : jwk.kid
  if (typeof kid !== 'string') throw invalidKey('kid must be a string')
  return Object.freeze({ kid, alg, jwk: Object.freeze(publicJwk), key })
}

/** An error about a key, with none of its bytes. */
export function invalidKey(message: string): ConfigurationError {
  return new ConfigurationError([{ path: 'key', message }])
}

async function keyIdOf(spki: ArrayBuffer): Promise<string> {
  return base64urlOf(new Uint8Array(await crypto.subtle.digest('SHA-256', spki)))
}

/**
 * The public members of a JWK.
 *
 * @throws {ConfigurationError} if it is neither an RSA nor an EC key, or an RSA key of an unsupported size.
 */
export function publicJwkOf(jwk: PublicMembers): PublicJwk {
  const { kty, n, e, crv, x, y } = jwk
  if (kty === 'RSA' && isMember(n) && isMember(e)) {
    checkRsa(n, e)
    return { kty, n, e }
  }
  if (kty === 'EC' && typeof crv === 'string' && isMember(x) && isMember(y)) return { kty, crv, x, y }
  throw invalidKey('is neither an RSA key nor an EC key')
}

type PublicMembers = Partial<Readonly<Record<'kty' | 'n' | 'e' | 'crv' | 'x' | 'y', unknown>>>

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

/** `CryptoKey` of the platform. Apps on Node.js need neither `DOM` nor `WebWorker` in the `lib` of TypeScript for it. */
export type CryptoKey = Extract<
  Awaited<ReturnType<typeof crypto.subtle.generateKey>>,
  { readonly type: string }
>
