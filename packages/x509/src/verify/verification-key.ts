import { CertificateError } from '../errors.ts'
import type { PublicKey } from '../public-key.ts'
import { isOnCurve } from './point-on-curve.ts'
import type { SignatureAlgorithm } from '../signature-algorithm.ts'

type ImportParameters = RsaHashedImportParams | EcKeyImportParams | { readonly name: 'Ed25519' }

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
  return parameters && importKey(key, parameters)
}

/**
 * Checks the key of a leaf, which a client proves to hold. A point must be on its curve, and an RSA key must have an accepted size and
 * exponent; any 32 octets are an Ed25519 key. The key is not imported, since it verifies no signature here.
 *
 * Source: Go `crypto/x509/parser.go` (`parsePublicKey`), which refuses such certificates when it parses them; for RSA `crypto/tls`
 * (`checkKeySize`) and `crypto/rsa` (`checkPublicKey`), which fail the handshake.
 */
export function checkLeafKey(key: PublicKey): CertificateError | undefined {
  if (key.kind === 'other') return unusableKey('unsupported public key algorithm')
  if (key.kind === 'RSA') {
    return isUsableRsaKey(key.modulusBits, key.exponent)
      ? undefined
      : unusableKey('RSA key of an unsupported size or exponent')
  }
  if (key.kind !== 'EC') return undefined
  // The point is at the end of the encoding, and its length was checked when it was parsed.
  const point = key.spki.subarray(key.spki.length - 2 * key.curve.octets)
  return isOnCurve(point, key.curve) ? undefined : unusableKey('elliptic curve point is not on the curve')
}

function unusableKey(why: string): CertificateError {
  return new CertificateError('malformed', `x509: malformed subjectPublicKeyInfo: ${why}`)
}

function importKey(key: PublicKey, parameters: ImportParameters): Promise<CryptoKey> {
  const id = JSON.stringify(parameters)
  const keys = imported.get(key) ?? new Map<string, Promise<CryptoKey>>()
  imported.set(key, keys)
  const known = keys.get(id)
  if (known !== undefined) return known
  const importing = crypto.subtle.importKey('spki', key.spki, parameters, false, ['verify'])
  keys.set(id, importing)
  return importing
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
