import { type Bytes, type DerElement, DerReader, derOf, soleElement, Tag } from './der/reader.ts'
import {
  algorithmIdentifier,
  isNull,
  objectIdentifier,
  smallInteger,
  unsignedOctets,
  wholeOctets,
} from './der/values.ts'
import { malformed } from './errors.ts'

/**
 * The public key of a certificate. `spki` is its encoding, in the form that WebCrypto imports.
 * More may be added in a minor version; handle the rest.
 */
export type PublicKey = RsaKey | EcKey | Ed25519Key | OtherKey

/** RSA (RFC 3279 section 2.3.1). */
export interface RsaKey {
  readonly kind: 'RSA'
  readonly spki: Bytes
  readonly modulusBits: number
  readonly exponent: number
}

/** A point on a NIST curve (RFC 5480). Importing the key checks that it is on the curve. */
export interface EcKey {
  readonly kind: 'EC'
  readonly spki: Bytes
  readonly curve: EllipticCurve
}

/** Ed25519 (RFC 8410). */
export interface Ed25519Key {
  readonly kind: 'Ed25519'
  readonly spki: Bytes
}

/** A key of an unsupported kind. A certificate with such a key may be in a bundle, but is never accepted in a chain. */
export interface OtherKey {
  readonly kind: 'other'
  readonly spki: Bytes
}

/** The supported curves, with WebCrypto's names. */
export interface EllipticCurve {
  readonly name: 'P-256' | 'P-384' | 'P-521'
  readonly octets: 32 | 48 | 66
}

const CURVES: ReadonlyMap<string, EllipticCurve> = new Map([
  ['1.2.840.10045.3.1.7', { name: 'P-256', octets: 32 }],
  ['1.3.132.0.34', { name: 'P-384', octets: 48 }],
  ['1.3.132.0.35', { name: 'P-521', octets: 66 }],
])

const WHAT = 'subjectPublicKeyInfo'

/**
 * Reads a whole `SubjectPublicKeyInfo`: the parameters must match the algorithm, and there must be nothing besides the key.
 *
 * Source: RFC 5280 section 4.1.2.7, Go `crypto/x509/parser.go` (`parsePublicKey`).
 */
export function publicKeyOf(element: DerElement): PublicKey {
  const fields = new DerReader(element)
  const { type, parameters } = algorithmIdentifier(fields.required(Tag.sequence, WHAT), WHAT)
  const key = wholeOctets(fields.next(WHAT), WHAT)
  fields.finish(WHAT)
  const spki = derOf(element)
  switch (type) {
    case '1.2.840.113549.1.1.1':
      return { kind: 'RSA', spki, ...rsaNumbers(key, parameters) }
    case '1.2.840.10045.2.1':
      return { kind: 'EC', spki, curve: curveOf(key, parameters) }
    case '1.3.101.112':
      if (parameters !== undefined || key.length !== 32) throw malformed('Ed25519 key', 'wrong form')
      return { kind: 'Ed25519', spki }
    default:
      return { kind: 'other', spki }
  }
}

function rsaNumbers(
  key: Bytes,
  parameters: DerElement | undefined,
): Pick<RsaKey, 'modulusBits' | 'exponent'> {
  const what = 'RSA key'
  if (parameters === undefined || !isNull(parameters)) throw malformed(what, 'parameters are not NULL')
  const fields = new DerReader(soleElement(key, Tag.sequence, what))
  const modulus = unsignedOctets(fields.next(what), what)
  const exponent = smallInteger(fields.next(what), what)
  fields.finish(what)
  const [first] = modulus
  if (first === undefined || exponent === 0) throw malformed(what, 'not positive')
  return { modulusBits: modulus.length * 8 - (Math.clz32(first) - 24), exponent }
}

function curveOf(key: Bytes, parameters: DerElement | undefined): EllipticCurve {
  const what = 'EC key'
  if (parameters?.tag !== Tag.objectIdentifier) throw malformed(what, 'curve is not a named one')
  const curve = CURVES.get(objectIdentifier(parameters, what))
  if (curve === undefined) throw malformed(what, 'unsupported elliptic curve')
  if (key[0] !== 0x04 || key.length !== 1 + 2 * curve.octets) throw malformed(what, 'not a whole point')
  return curve
}
