import { CertificateError } from '../errors.ts'
import type { PublicKey } from '../public-key.ts'
import { isOnCurve } from './point-on-curve.ts'
import type { SignatureAlgorithm } from '../signature-algorithm.ts'

type ImportParameters = RsaHashedImportParams | EcKeyImportParams | { readonly name: 'Ed25519' }

// Nothing but a memory of what was made from a key already; it goes with the certificate.
const imported = new WeakMap<PublicKey, Map<string, Promise<CryptoKey>>>()

/**
 * The key, ready to verify signatures of this kind. Importing is what finds points that are not on their curve.
 *
 * @returns `undefined` when the key is not of the kind the algorithm needs, or not one to verify with.
 */
export function verificationKey(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
): Promise<CryptoKey> | undefined {
  const parameters = importParameters(key, algorithm)
  return parameters && importKey(key, parameters)
}

/**
 * Whether the key of a certificate that signs no other is one that a client may prove to hold. A point has to be on its curve; of RSA
 * any two numbers are a key, and so are any 32 octets of Ed25519. It is not imported: nothing is verified with it here.
 *
 * Source: Go `crypto/x509/parser.go` (`parsePublicKey`), which refuses such certificates when it reads them; for RSA `crypto/tls`
 * (`checkKeySize`) and `crypto/rsa` (`checkPublicKey`), by which the handshake fails.
 */
export function checkLeafKey(key: PublicKey): CertificateError | undefined {
  if (key.kind === 'other') return unusableKey('unsupported public key algorithm')
  if (key.kind === 'RSA') {
    return isUsableRsaKey(key.modulusBits, key.exponent)
      ? undefined
      : unusableKey('RSA key of an unsupported size or exponent')
  }
  if (key.kind !== 'EC') return undefined
  // The point ends the encoding, and its length was checked when it was read.
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

/** Go's lower limit of `crypto/rsa`, and the upper one of its TLS server, beyond which verifying takes too long. */
function isUsableRsaKey(modulusBits: number, exponent: number): boolean {
  return modulusBits >= 1024 && modulusBits <= 8192 && exponent >= 3 && exponent % 2 === 1
}
