import { base64urlOf } from '../../internal/base64url.ts'
import {
  algorithmOfCurve,
  invalidKey,
  type PublicJwk,
  publicJwkOf,
  type SigningAlgorithm,
} from './public-jwk.ts'

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

/**
 * Creates a verification key from an RSA or EC JWK. Private members are dropped. The default `kid` is that of Kubernetes: base64url of
 * SHA-256 over the `SubjectPublicKeyInfo`.
 *
 * Source: kubernetes `pkg/serviceaccount/jwt.go` (`keyIDFromPublicKey`), RFC 7517.
 *
 * Deviation: RSA keys must have 2,048 to 16,384 bits and an exponent above 2 (`docs/deviations.md`, RSA keys of tokens).
 *
 * @throws {ConfigurationError} if the key is of another kind or unusable.
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

async function keyIdOf(spki: ArrayBuffer): Promise<string> {
  return base64urlOf(new Uint8Array(await crypto.subtle.digest('SHA-256', spki)))
}

/** `CryptoKey` of the platform. Apps on Node.js need neither `DOM` nor `WebWorker` in the `lib` of TypeScript for it. */
export type CryptoKey = Extract<
  Awaited<ReturnType<typeof crypto.subtle.generateKey>>,
  { readonly type: string }
>
