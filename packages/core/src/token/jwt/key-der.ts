import {
  type Bytes,
  contextTag,
  type DerElement,
  DerReader,
  derOf,
  objectIdentifier,
  parseCertificate,
  publicKeyOf,
  smallInteger,
  soleElement,
  Tag,
} from '@kube-authn/x509'
import { algorithmOfCurve, type SigningAlgorithm } from './public-jwk.ts'

/** The form and algorithm of an encoded key, and its DER for WebCrypto. */
export interface EncodedKey {
  readonly form: 'PKCS#1' | 'PKCS#8' | 'SEC1' | 'SPKI'
  readonly alg: SigningAlgorithm
  /** PKCS#8 for private keys, `SubjectPublicKeyInfo` for public keys. */
  readonly der: Bytes
}

const WHAT = 'key'
const RSA = '1.2.840.113549.1.1.1'
const EC = '1.2.840.10045.2.1'
const CURVES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
  ['1.3.132.0.35', 'P-521'],
])

// prettier-ignore
const RSA_ALGORITHM = Uint8Array.of(
  0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
)
const EC_OBJECT_IDENTIFIER = Uint8Array.of(0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01)

/**
 * Detects the kind of a DER-encoded key by its structure: a PKCS#1 (RSA), SEC1 (EC) or PKCS#8 private key, a public key, or a certificate,
 * of which the public key is used. Returns `undefined` for anything else.
 */
export function encodedKeyOf(der: Bytes): EncodedKey | undefined {
  try {
    const key = soleElement(der, Tag.sequence, WHAT)
    return new DerReader(key).nextTag === Tag.integer ? privateKey(key) : publicKey(key)
  } catch {
    return undefined
  }
}

function privateKey(key: DerElement): EncodedKey | undefined {
  const fields = new DerReader(key)
  const version = smallInteger(fields.next(WHAT), WHAT)
  const second = fields.next(WHAT)
  if (version === 0 && second.tag === Tag.integer) {
    return { form: 'PKCS#1', alg: 'RS256', der: pkcs8(RSA_ALGORITHM, derOf(key)) }
  }
  if (version === 1 && second.tag === Tag.octetString) {
    const parameters = fields.required(contextTag(0, 'constructed'), WHAT)
    const curve = soleElement(parameters, Tag.objectIdentifier, WHAT)
    const alg = algorithmOf(curve)
    if (alg === undefined) return undefined
    const algorithm = encoded(Tag.sequence, EC_OBJECT_IDENTIFIER, derOf(curve))
    return { form: 'SEC1', alg, der: pkcs8(algorithm, derOf(key)) }
  }
  if (version > 1 || second.tag !== Tag.sequence) return undefined
  const algorithm = new DerReader(second)
  const type = objectIdentifier(algorithm.next(WHAT), WHAT)
  if (type === RSA) return { form: 'PKCS#8', alg: 'RS256', der: derOf(key) }
  const alg = type === EC ? algorithmOf(algorithm.next(WHAT)) : undefined
  return alg === undefined ? undefined : { form: 'PKCS#8', alg, der: derOf(key) }
}

function publicKey(key: DerElement): EncodedKey | undefined {
  const fields = new DerReader(key)
  fields.required(Tag.sequence, WHAT)
  const isBare = fields.nextTag === Tag.bitString
  const found = isBare ? publicKeyOf(key) : parseCertificate(derOf(key)).publicKey
  const alg =
    found.kind === 'RSA' ? 'RS256' : found.kind === 'EC' ? algorithmOfCurve(found.curve.name) : undefined
  return alg === undefined ? undefined : { form: 'SPKI', alg, der: found.spki }
}

function algorithmOf(curve: DerElement): SigningAlgorithm | undefined {
  return algorithmOfCurve(CURVES.get(objectIdentifier(curve, WHAT)) ?? '')
}

/** Wraps a PKCS#1 or SEC1 key in PKCS#8 (RFC 5208 section 5). */
function pkcs8(algorithm: Bytes, key: Bytes): Bytes {
  return encoded(Tag.sequence, Uint8Array.of(Tag.integer, 1, 0), algorithm, encoded(Tag.octetString, key))
}

function encoded(tag: number, ...contents: readonly Bytes[]): Bytes {
  const length = contents.reduce((sum, content) => sum + content.length, 0)
  const header = [tag, ...lengthOctets(length)]
  const result = new Uint8Array(header.length + length)
  result.set(header)
  let offset = header.length
  for (const content of contents) {
    result.set(content, offset)
    offset += content.length
  }
  return result
}

/** Shortest form, as DER requires. */
function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length]
  if (length < 0x100) return [0x81, length]
  if (length < 0x10000) return [0x82, length >> 8, length & 0xff]
  return [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]
}
