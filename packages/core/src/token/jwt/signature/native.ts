import { nodeBuiltin } from '../../../internal/node-builtin.ts'
import type { JwsAlgorithm } from '../algorithms.ts'
import type { UnverifiedJws } from '../read-jwt.ts'
import type { PublicJwk } from '../verification-key.ts'

/** What is used of Node's key objects. */
interface NodeKey {
  readonly asymmetricKeyType?: string
  readonly asymmetricKeyDetails?: { readonly modulusLength?: number; readonly namedCurve?: string }
}

/** What is used of `node:crypto`. */
interface NodeCrypto {
  readonly KeyObject: { from(key: CryptoKey): NodeKey }
  createPublicKey(input: { readonly key: PublicJwk; readonly format: 'jwk' }): NodeKey
  verify(
    hash: string,
    data: Uint8Array,
    key: { readonly key: NodeKey } & Padding,
    signature: Uint8Array,
  ): boolean
}

interface Padding {
  readonly padding?: number
  readonly saltLength?: number
  readonly dsaEncoding?: 'ieee-p1363'
}

/** What is used of `node:buffer`. */
interface NodeBuffer {
  readonly Buffer: { from(text: string, encoding: 'base64url' | 'latin1'): Uint8Array }
}

function builtin(id: 'node:crypto' | 'node:buffer'): unknown {
  const found = nodeBuiltin(id)
  if (found === undefined) throw new Error(`this runtime claims to be Node and has no ${id}`)
  return found
}

interface Builtins extends NodeBuffer {
  readonly nodeCrypto: NodeCrypto
}

let loaded: Builtins | undefined

/** Not before they are needed: to load them takes Node some milliseconds, which a start has not to spare. */
function builtins(): Builtins {
  loaded ??= {
    nodeCrypto: builtin('node:crypto') as NodeCrypto,
    Buffer: (builtin('node:buffer') as NodeBuffer).Buffer,
  }
  return loaded
}

/** A key of the right kind, and how it verifies. */
interface Verifier {
  readonly hash: string
  readonly key: { readonly key: NodeKey } & Padding
  /** In octets; absent for RSA, where the key says it. */
  readonly signatureLength?: number
}

/**
 * Whether this key has signed the token by this algorithm: in this thread, without a promise, in a third of the time that WebCrypto
 * takes. What is accepted is what the portable one accepts.
 *
 * Source: RFC 7518 section 3 (RSA keys have at least 2,048 bits; a signature by ECDSA is as long as its curve has it; the salt of PSS
 * is as long as the digest).
 */
export function isSignedWith(
  { token, algorithm: stated, isCritical }: UnverifiedJws,
  key: CryptoKey | PublicJwk,
  algorithm: JwsAlgorithm,
): boolean {
  const verifier = isCritical || stated !== algorithm ? undefined : verifierOf(key, algorithm)
  if (verifier === undefined) return false
  const { Buffer, nodeCrypto } = builtins()
  const end = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  if (verifier.signatureLength !== undefined && signature.length !== verifier.signatureLength) return false
  try {
    return nodeCrypto.verify(
      verifier.hash,
      Buffer.from(token.slice(0, end), 'latin1'),
      verifier.key,
      signature,
    )
  } catch {
    // OpenSSL refuses some numbers with an error instead of a "no".
    return false
  }
}

const known = new WeakMap<CryptoKey | PublicJwk, Map<JwsAlgorithm, Verifier | undefined>>()

/** A key is imported once for each algorithm it is tried with. */
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
  return { hash, key: { key: node, ...padding } }
}

/** `undefined` for a key that Node cannot use, or that is made for something else. */
function nodeKeyOf(key: CryptoKey | PublicJwk, algorithm: JwsAlgorithm): NodeKey | undefined {
  const { nodeCrypto } = builtins()
  try {
    if ('kty' in key) return nodeCrypto.createPublicKey({ key, format: 'jwk' })
    return isFor(key, algorithm) ? nodeCrypto.KeyObject.from(key) : undefined
  } catch {
    return undefined
  }
}

/** What a key for RSA says of itself; one for ECDSA has no hash. */
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

/** As OpenSSL calls them. */
const CURVES: ReadonlyMap<JwsAlgorithm, { readonly name: string; readonly octets: number }> = new Map([
  ['ES256', { name: 'prime256v1', octets: 32 }],
  ['ES384', { name: 'secp384r1', octets: 48 }],
  ['ES512', { name: 'secp521r1', octets: 66 }],
])

const MIN_RSA_BITS = 2048
/** `RSA_PKCS1_PADDING`, `RSA_PKCS1_PSS_PADDING` and `RSA_PSS_SALTLEN_DIGEST` of `node:crypto`. */
const PKCS1: Padding = { padding: 1 }
const PSS: Padding = { padding: 6, saltLength: -1 }
