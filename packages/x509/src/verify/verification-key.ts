import { type CertificateError, malformed } from '../errors.ts'
import type { EllipticCurve, PublicKey } from '../public-key.ts'
import type { SignatureAlgorithm } from '../signature-algorithm.ts'
import type { Bytes } from '../der/reader.ts'
import { unsignedNumber } from '../der/values.ts'

type ImportParameters = RsaHashedImportParams | EcKeyImportParams | { readonly name: 'Ed25519' }

const WHAT = 'subjectPublicKeyInfo'

// A cache of imported keys; entries are collected with their certificate.
const imported = new WeakMap<PublicKey, Map<string, Promise<CryptoKey>>>()

/**
 * Imports the key for signatures of this kind. The import refuses points that are not on their curve.
 *
 * @returns `undefined` if the key is not of the kind that the algorithm needs, or is not acceptable.
 */
export function verificationKey(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
): Promise<CryptoKey> | undefined {
  const parameters = importParameters(key, algorithm)
  if (parameters === undefined) return undefined
  const id = JSON.stringify(parameters)
  const keys = imported.get(key) ?? new Map<string, Promise<CryptoKey>>()
  imported.set(key, keys)
  const importing = keys.get(id) ?? crypto.subtle.importKey('spki', key.spki, parameters, false, ['verify'])
  keys.set(id, importing)
  return importing
}

/**
 * Checks the key of a leaf, which a client proves to hold. A point must be on its curve, and an RSA key must have an accepted size and
 * exponent; any 32 octets are an Ed25519 key. The key is not imported, since it verifies no signature here.
 *
 * Source: Go `crypto/x509/parser.go` (`parsePublicKey`), which refuses such certificates when it parses them; for RSA `crypto/tls`
 * (`checkKeySize`) and `crypto/rsa` (`checkPublicKey`), which fail the handshake.
 */
export function checkLeafKey(key: PublicKey): CertificateError | undefined {
  if (key.kind === 'other') return malformed(WHAT, 'unsupported public key algorithm')
  if (key.kind === 'RSA') {
    return isUsableRsaKey(key.modulusBits, key.exponent)
      ? undefined
      : malformed(WHAT, 'RSA key of an unsupported size or exponent')
  }
  if (key.kind !== 'EC') return undefined
  // The point is at the end of the encoding, and its length was checked when it was parsed.
  const point = key.spki.subarray(key.spki.length - 2 * key.curve.octets)
  return isOnCurve(point, key.curve) ? undefined : malformed(WHAT, 'elliptic curve point is not on the curve')
}

function importParameters(key: PublicKey, algorithm: SignatureAlgorithm): ImportParameters | undefined {
  switch (key.kind) {
    case 'RSA': {
      if (algorithm.name !== 'RSASSA-PKCS1-v1_5' && algorithm.name !== 'RSA-PSS') return undefined
      const isUsable = isUsableRsaKey(key.modulusBits, key.exponent)
      return isUsable ? { name: algorithm.name, hash: algorithm.hash } : undefined
    }
    case 'EC':
      return algorithm.name === 'ECDSA' ? { name: 'ECDSA', namedCurve: key.curve.name } : undefined
    case 'Ed25519':
      return algorithm.name === 'Ed25519' ? { name: 'Ed25519' } : undefined
    default:
      return undefined
  }
}

/** The lower limit of Go's `crypto/rsa`, and the upper limit of Go's TLS server, above which verification takes too long. */
function isUsableRsaKey(modulusBits: number, exponent: number): boolean {
  return modulusBits >= 1024 && modulusBits <= 8192 && exponent >= 3 && exponent % 2 === 1
}

/**
 * The parameters of the curves y² = x³ - 3x + b over the integers modulo p. All curves here have prime order.
 *
 * Source: NIST SP 800-186 section 3.2.1.
 */
const CURVES: Readonly<Record<EllipticCurve['name'], { readonly p: bigint; readonly b: bigint }>> = {
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
}

/**
 * Whether two concatenated coordinates are a point on a curve. Importing a key checks this too, but costs a hundred times as much. Nothing
 * here is secret.
 *
 * Source: SEC 1 section 3.2.2.1, Go `crypto/ecdh` and `crypto/internal/fips140/nistec` (`SetBytes`), which refuse coordinates that are not
 * below p.
 *
 * @param point both coordinates, each with the number of octets of the curve.
 */
export function isOnCurve(point: Bytes, { name, octets }: EllipticCurve): boolean {
  const { p, b } = CURVES[name]
  const x = unsignedNumber(point.subarray(0, octets))
  const y = unsignedNumber(point.subarray(octets))
  return x < p && y < p && (y * y - (x * x - 3n) * x - b) % p === 0n
}
