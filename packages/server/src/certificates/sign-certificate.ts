import { type Bytes, type CertificateRequest, contextTag, parseCertificate, Tag } from '@kube-authn/x509'
import { bitString, element, identifier, namedBits, sequence, text, time, unsigned } from './der-writer.ts'

/** When a certificate is valid. */
export interface Lifetime {
  readonly notBefore: Date
  readonly notAfter: Date
}

/** What is signed, with its parts in DER. */
export interface UnsignedCertificate extends Lifetime {
  /** The name of the CA. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** `SubjectPublicKeyInfo`. */
  readonly publicKey: Uint8Array
  /** In this order. */
  readonly extensions: readonly Uint8Array[]
}

/**
 * Signs a certificate of version 3 with a random serial number.
 *
 * Source: RFC 5280 section 4.1.
 *
 * @param key RSA for PKCS #1 v1.5 with SHA-256, or EC.
 * @returns PEM.
 * @throws {Error} if the key is another one, or the certificate could not be read again.
 */
export async function signCertificate(content: UnsignedCertificate, key: CryptoKey): Promise<string> {
  const { name, hash, octets } = signatureOf(key)
  const algorithm = sequence(
    identifier(name),
    ...(octets === undefined ? [element(Tag.null, new Uint8Array())] : []),
  )
  const signed = sequence(
    element(contextTag(0, 'constructed'), unsigned(Uint8Array.of(2))),
    unsigned(randomSerialNumber()),
    algorithm,
    content.issuer,
    sequence(time(content.notBefore), time(content.notAfter)),
    content.subject,
    content.publicKey,
    element(contextTag(3, 'constructed'), sequence(...content.extensions)),
  )
  const made = new Uint8Array(await crypto.subtle.sign({ name: key.algorithm.name, hash }, key, signed))
  const signature = octets === undefined ? made : ecdsaSequence(made, octets)
  const certificate = sequence(signed, algorithm, bitString(signature))
  // What clients verify is read as they read it.
  parseCertificate(certificate)
  return pemOf(certificate)
}

interface Signature {
  /** An object identifier in dotted form. */
  readonly name: string
  readonly hash: string
  /** Of each number of an ECDSA signature; absent: RSA. */
  readonly octets?: number
}

/** Source: RFC 4055 section 5, RFC 5758 section 3.2. */
const RSA: Signature = { name: '1.2.840.113549.1.1.11', hash: 'SHA-256' }
const ECDSA: ReadonlyMap<unknown, Signature> = new Map([
  ['P-256', { name: '1.2.840.10045.4.3.2', hash: 'SHA-256', octets: 32 }],
  ['P-384', { name: '1.2.840.10045.4.3.3', hash: 'SHA-384', octets: 48 }],
  ['P-521', { name: '1.2.840.10045.4.3.4', hash: 'SHA-512', octets: 66 }],
])

function signatureOf({ algorithm }: CryptoKey): Signature {
  if (algorithm.name === 'RSASSA-PKCS1-v1_5') return RSA
  const signature = 'namedCurve' in algorithm ? ECDSA.get(algorithm.namedCurve) : undefined
  if (signature === undefined) throw new Error('must be an RSA or EC key')
  return signature
}

/** From the form of WebCrypto, two numbers of the same length (RFC 3279 section 2.2.3). */
function ecdsaSequence(numbers: Bytes, octets: number): Bytes {
  return sequence(unsigned(numbers.subarray(0, octets)), unsigned(numbers.subarray(octets)))
}

/** 128 bits, positive, in minimal encoding. */
function randomSerialNumber(): Bytes {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes
}

function pemOf(der: Bytes): string {
  const base64 = btoa(Array.from(der, (octet) => String.fromCharCode(octet)).join(''))
  const lines = base64.match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

export type AlternativeName = CertificateRequest['alternativeNames'][number]

const TRUE = element(Tag.boolean, Uint8Array.of(0xff))

/** `basicConstraints` (RFC 5280 section 4.2.1.9). A CA may sign no other CA. */
export function basicConstraints(isAuthority: boolean): Bytes {
  return extension('2.5.29.19', true, isAuthority ? sequence(TRUE, unsigned(Uint8Array.of(0))) : sequence())
}

/** `keyUsage`, with the first bit lowest (RFC 5280 section 4.2.1.3). */
export function keyUsage(bits: number): Bytes {
  return extension('2.5.29.15', true, namedBits(bits))
}

/** `extKeyUsage` (RFC 5280 section 4.2.1.12). */
export function extendedKeyUsage(purposes: readonly string[]): Bytes {
  return extension('2.5.29.37', false, sequence(...purposes.map(identifier)))
}

/** `subjectKeyIdentifier` (RFC 5280 section 4.2.1.2). */
export function subjectKeyIdentifier(octets: Uint8Array): Bytes {
  return extension('2.5.29.14', false, element(Tag.octetString, octets))
}

/** `authorityKeyIdentifier` (RFC 5280 section 4.2.1.1). */
export function authorityKeyIdentifier(octets: Uint8Array): Bytes {
  return extension('2.5.29.35', false, sequence(element(contextTag(0, 'primitive'), octets)))
}

/** `subjectAltName` (RFC 5280 section 4.2.1.6). @throws {Error} if a name has characters that it cannot have. */
export function subjectAlternativeName(names: readonly AlternativeName[], isCritical: boolean): Bytes {
  return extension('2.5.29.17', isCritical, sequence(...names.map(generalName)))
}

const KINDS = { email: 1, dns: 2, uri: 6 } as const

function generalName(name: AlternativeName): Bytes {
  if (name.kind === 'ip') return element(contextTag(7, 'primitive'), name.octets)
  if (!/^[\0-\x7f]*$/.test(name.text)) throw new Error('a subjectAltName has characters other than ASCII')
  return text(contextTag(KINDS[name.kind], 'primitive'), name.text)
}

function extension(type: string, isCritical: boolean, value: Uint8Array): Bytes {
  return sequence(identifier(type), ...(isCritical ? [TRUE] : []), element(Tag.octetString, value))
}
