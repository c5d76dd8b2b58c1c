import type { KeyAlgorithm } from './certificate-authority.ts'

/** The WebCrypto parameters to generate a key pair and to sign with it. */
type SigningAlgorithm =
  | { readonly name: 'ECDSA'; readonly namedCurve: string; readonly hash: string }
  | {
      readonly name: 'RSASSA-PKCS1-v1_5'
      readonly modulusLength: number
      readonly publicExponent: Uint8Array<ArrayBuffer>
      readonly hash: string
    }

const SIGNING_ALGORITHMS: Readonly<Record<KeyAlgorithm, SigningAlgorithm>> = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'RSA-2048': {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
}

/** The WebCrypto parameters to sign certificates with this algorithm. */
export function signingAlgorithm(algorithm: KeyAlgorithm): SigningAlgorithm {
  return SIGNING_ALGORITHMS[algorithm]
}

export function generateKeyPair(algorithm: KeyAlgorithm): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(signingAlgorithm(algorithm), true, ['sign', 'verify'])
}

/** DER as PEM (RFC 7468), with a line break at its end, so that blocks can be joined. */
export function pem(label: 'CERTIFICATE' | 'PRIVATE KEY', der: Uint8Array): string {
  const base64 = btoa(Array.from(der, (byte) => String.fromCharCode(byte)).join(''))
  const lines = base64.match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
