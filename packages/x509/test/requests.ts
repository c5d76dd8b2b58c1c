import type { Extension } from '@peculiar/x509'
import { type Attribute, keyPair, type KeyAlgorithmName, nameDer } from './certificates.ts'
import { bitString, concat, explicit, integer, nothing, oid, sequence, set, tlv } from './der.ts'

/*
 * Makes requests for certificates, well-formed or not, for tests of what reads them.
 */

/** What a request says. */
export interface RequestInit {
  readonly subject?: string | readonly Attribute[]
  readonly algorithm?: KeyAlgorithmName
  readonly extensions?: readonly Extension[]
  /** Default: one attribute with the extensions, if there are any. */
  readonly attributes?: readonly Uint8Array[]
  /** In place of the key. */
  readonly spki?: Uint8Array
  /** Signs in place of the key. */
  readonly signedWith?: CryptoKeyPair
  /** The identifier of the signature's algorithm. */
  readonly signatureAlgorithm?: Uint8Array
}

/** The attribute that requests extensions, with as many lists of them as given. */
export function extensionRequest(...lists: readonly (readonly Extension[])[]): Uint8Array {
  const values = lists.map((extensions) =>
    sequence(...extensions.map(({ rawData }) => new Uint8Array(rawData))),
  )
  return sequence(oid('1.2.840.113549.1.9.14'), set(...values))
}

interface Signing {
  readonly id: Uint8Array
  readonly parameters: AlgorithmIdentifier | EcdsaParams | RsaPssParams
  /** Of each number of an ECDSA signature. */
  readonly octets?: number
}

const ecdsa = (id: string, hash: string, octets: number): Signing => ({
  id: sequence(oid(id)),
  parameters: { name: 'ECDSA', hash },
  octets,
})
const rsa = (id: string): Signing => ({
  id: sequence(oid(id), nothing),
  parameters: { name: 'RSASSA-PKCS1-v1_5' },
})
const PSS = sequence(
  oid('1.2.840.113549.1.1.10'),
  sequence(
    explicit(0, sequence(oid('2.16.840.1.101.3.4.2.2'), nothing)),
    explicit(1, sequence(oid('1.2.840.113549.1.1.8'), sequence(oid('2.16.840.1.101.3.4.2.2'), nothing))),
    explicit(2, integer(48)),
  ),
)
const SIGNING: Readonly<Record<KeyAlgorithmName, Signing>> = {
  'P-256': ecdsa('1.2.840.10045.4.3.2', 'SHA-256', 32),
  'P-384': ecdsa('1.2.840.10045.4.3.3', 'SHA-384', 48),
  'P-521': ecdsa('1.2.840.10045.4.3.4', 'SHA-512', 66),
  RSA: rsa('1.2.840.113549.1.1.11'),
  'RSA-PSS': { id: PSS, parameters: { name: 'RSA-PSS', saltLength: 48 } },
  'RSA-SHA-1': rsa('1.2.840.113549.1.1.5'),
  Ed25519: { id: sequence(oid('1.3.101.112')), parameters: { name: 'Ed25519' } },
}

/** A request in DER. By default for a new key on P-256, without extensions. */
export async function requestDer(init: RequestInit = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { algorithm = 'P-256', subject = 'jane', extensions = [] } = init
  const keys = await keyPair(algorithm)
  const { id, parameters, octets } = SIGNING[algorithm]
  const attributes = init.attributes ?? (extensions.length === 0 ? [] : [extensionRequest(extensions)])
  const info = sequence(
    integer(0),
    nameDer(subject),
    init.spki ?? new Uint8Array(await crypto.subtle.exportKey('spki', keys.publicKey)),
    explicit(0, ...attributes),
  )
  const signer = (init.signedWith ?? keys).privateKey
  const signature = new Uint8Array(await crypto.subtle.sign(parameters, signer, info))
  const form = octets === undefined ? signature : pairOf(signature, octets)
  return sequence(info, init.signatureAlgorithm ?? id, bitString(form))
}

function pairOf(signature: Uint8Array, octets: number): Uint8Array {
  const number = (bytes: Uint8Array): Uint8Array =>
    integer(bytes.reduce((value, octet) => value * 256n + BigInt(octet), 0n))
  return sequence(number(signature.subarray(0, octets)), number(signature.subarray(octets)))
}

/** In PEM, as `openssl req` writes it. */
export function requestPem(der: Uint8Array, label = 'CERTIFICATE REQUEST'): string {
  const lines = btoa(Array.from(der, (octet) => String.fromCharCode(octet)).join('')).match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** The key of RSA with this many bits, which is not a product of primes: for what must be refused before it is used. */
export function rsaSpki(bits: number): Uint8Array<ArrayBuffer> {
  const modulus = concat(Uint8Array.of(0), new Uint8Array(bits / 8).fill(0xff))
  const key = sequence(tlv(0x02, modulus), integer(65_537))
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), nothing), bitString(key))
}
