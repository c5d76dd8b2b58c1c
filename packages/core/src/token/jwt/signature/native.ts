import { Buffer } from 'node:buffer'
import { createPublicKey, KeyObject, verify } from 'node:crypto'
import type { JwsAlgorithm } from '../algorithms.ts'
import type { UnverifiedJws } from '../read-jwt.ts'
import type { PublicJwk } from '../public-jwk.ts'

interface Padding {
  readonly padding?: number
  readonly saltLength?: number
  readonly dsaEncoding?: 'ieee-p1363'
}

/** A key of the right kind, with its verification parameters. */
interface Verifier {
  readonly hash: string
  readonly key: { readonly key: KeyObject } & Padding
  /** In octets. */
  readonly signatureLength: number
}

/**
 * Whether the key verifies the token with this algorithm: synchronously, in a third of the time of WebCrypto. Accepts the same tokens as
 * the portable implementation.
 *
 * Source: RFC 7518 section 3 (RSA keys have at least 2,048 bits; the length of an ECDSA signature depends on the curve; the salt of PSS is
 * as long as the digest), RFC 8017 section 8 (an RSA signature is as long as the modulus; OpenSSL accepts one by PSS without the zeros in
 * front of it).
 */
export function isSignedWith(
  { token, algorithm: stated, isCritical }: UnverifiedJws,
  key: CryptoKey | PublicJwk,
  algorithm: JwsAlgorithm,
): boolean {
  const verifier = isCritical || stated !== algorithm ? undefined : verifierOf(key, algorithm)
  if (verifier === undefined) return false
  const end = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  if (signature.length !== verifier.signatureLength) return false
  try {
    return verify(verifier.hash, Buffer.from(token.slice(0, end), 'latin1'), verifier.key, signature)
  } catch {
    // OpenSSL throws for some invalid numbers instead of returning false.
    return false
  }
}

const known = new WeakMap<CryptoKey | PublicJwk, Map<JwsAlgorithm, Verifier | undefined>>()

/** Imports each key once per algorithm. */
function verifierOf(key: CryptoKey | PublicJwk, algorithm: JwsAlgorithm): Verifier | undefined {
  let ofKey = known.get(key)
  if (ofKey === undefined) {
    ofKey = new Map()
    known.set(key, ofKey)
  }
  if (!ofKey.has(algorithm)) ofKey.set(algorithm, makeVerifier(key, algorithm))
  return ofKey.get(algorithm)
}

function makeVerifier(key: CryptoKey | PublicJwk, algorithm: JwsAlgorithm): Verifier | undefined {
  const node = nodeKeyOf(key, algorithm)
  if (node === undefined) return undefined
  const hash = `sha${algorithm.slice(2)}`
  const { modulusLength = 0, namedCurve } = node.asymmetricKeyDetails ?? {}
  if (algorithm.startsWith('ES')) {
    const curve = CURVES.get(algorithm)
    if (curve === undefined || node.asymmetricKeyType !== 'ec' || curve.name !== namedCurve) return undefined
    return { hash, key: { key: node, dsaEncoding: 'ieee-p1363' }, signatureLength: 2 * curve.octets }
  }
  if (node.asymmetricKeyType !== 'rsa' || modulusLength < MIN_RSA_BITS) return undefined
  const padding = algorithm.startsWith('PS') ? PSS : PKCS1
  return { hash, key: { key: node, ...padding }, signatureLength: Math.ceil(modulusLength / 8) }
}

/** `undefined` if Node cannot use the key or it is for another algorithm. */
function nodeKeyOf(key: CryptoKey | PublicJwk, algorithm: JwsAlgorithm): KeyObject | undefined {
  try {
    if ('kty' in key) return createPublicKey({ key, format: 'jwk' })
    return isFor(key, algorithm) ? KeyObject.from(key) : undefined
  } catch {
    return undefined
  }
}

/** The algorithm of a WebCrypto RSA key; ECDSA keys have no hash. */
interface RsaHashedAlgorithm extends KeyAlgorithm {
  readonly hash?: { readonly name: string }
}

/** Whether WebCrypto would use the key for this algorithm. */
function isFor({ algorithm: made, type, usages }: CryptoKey, algorithm: JwsAlgorithm): boolean {
  if (type !== 'public' || !usages.includes('verify') || made.name !== NAMES[algorithm.slice(0, 2)])
    return false
  const { hash } = made as RsaHashedAlgorithm
  return hash === undefined || hash.name === `SHA-${algorithm.slice(2)}`
}

const NAMES: Readonly<Record<string, string>> = { RS: 'RSASSA-PKCS1-v1_5', PS: 'RSA-PSS', ES: 'ECDSA' }

/** OpenSSL names. */
const CURVES: ReadonlyMap<JwsAlgorithm, { readonly name: string; readonly octets: number }> = new Map([
  ['ES256', { name: 'prime256v1', octets: 32 }],
  ['ES384', { name: 'secp384r1', octets: 48 }],
  ['ES512', { name: 'secp521r1', octets: 66 }],
])

const MIN_RSA_BITS = 2048
/** `RSA_PKCS1_PADDING`, `RSA_PKCS1_PSS_PADDING` and `RSA_PSS_SALTLEN_DIGEST` of `node:crypto`. */
const PKCS1: Padding = { padding: 1 }
const PSS: Padding = { padding: 6, saltLength: -1 }
