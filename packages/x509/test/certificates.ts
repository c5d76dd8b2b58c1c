// The library finds its parts through metadata on `Reflect`, which has to be there first.
import 'reflect-metadata'
import { Extension, Name, X509CertificateGenerator } from '@peculiar/x509'
import { type Certificate, type CertificatePool, certificatePoolOf, parseCertificate } from '../src/index.ts'
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  set,
  text,
} from './der.ts'

/*
 * Makes certificates for tests: a library makes them, never the code under test.
 */

/** A certificate and its key. */
export interface Issued {
  readonly der: Uint8Array<ArrayBuffer>
  readonly pem: string
  readonly certificate: Certificate
  readonly keys: CryptoKeyPair
  readonly subject: Uint8Array<ArrayBuffer>
}

/** Parts of a name: type, value and, unless it is a UTF8String, tag. */
export type Attribute = readonly [type: string, value: string, tag?: number]

/** What a certificate says. */
export interface CertificateInit {
  /** A common name, or all attributes, each an RDN of its own. */
  readonly subject?: string | readonly Attribute[]
  /** Absent: it signs itself. */
  readonly issuer?: Issued
  /** Signs in the issuer's place. */
  readonly signedWith?: CryptoKeyPair
  readonly keys?: CryptoKeyPair
  readonly algorithm?: KeyAlgorithmName
  readonly notBefore?: string
  readonly notAfter?: string
  readonly extensions?: readonly Extension[]
  readonly serialNumber?: string
}

export type KeyAlgorithmName = 'P-256' | 'P-384' | 'P-521' | 'RSA' | 'RSA-PSS' | 'RSA-SHA-1' | 'Ed25519'

export const NOW_MS: number = Date.parse('2026-06-01T00:00:00Z')
export const CN = '2.5.4.3'
export const O = '2.5.4.10'
export const UID = '1.3.6.1.4.1.57683.2'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

/** What WebCrypto needs to know to make a key, and to sign with it. */
type SigningAlgorithm = { readonly name: string; readonly hash: string } & Partial<
  EcKeyGenParams & RsaHashedKeyGenParams & RsaPssParams
>

const SIGNING: Readonly<Record<KeyAlgorithmName, SigningAlgorithm>> = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'P-521': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  RSA: rsa('RSASSA-PKCS1-v1_5', 'SHA-256'),
  'RSA-PSS': { ...rsa('RSA-PSS', 'SHA-384'), saltLength: 48 },
  'RSA-SHA-1': rsa('RSASSA-PKCS1-v1_5', 'SHA-1'),
  Ed25519: { name: 'Ed25519', hash: '' },
}

function rsa(name: string, hash: string): SigningAlgorithm {
  return { name, hash, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }
}

/** A fresh key pair. */
export async function keyPair(algorithm: KeyAlgorithmName = 'P-256'): Promise<CryptoKeyPair> {
  const made = await crypto.subtle.generateKey(SIGNING[algorithm], true, ['sign', 'verify'])
  if ('publicKey' in made) return made
  throw new Error(`${algorithm} has no key pairs`)
}

/** Makes a certificate. By default a client's, without extensions, valid for the years 2020 to 2120. */
export async function issue(init: CertificateInit = {}): Promise<Issued> {
  const { algorithm = 'P-256', issuer } = init
  const keys = init.keys ?? (await keyPair(algorithm))
  const subject = nameDer(init.subject ?? 'somebody')
  const signer = init.signedWith ?? issuer?.keys ?? keys
  const made = await X509CertificateGenerator.create({
    serialNumber: init.serialNumber ?? '01',
    subject: new Name(subject),
    issuer: new Name(issuer?.subject ?? subject),
    notBefore: new Date(init.notBefore ?? '2020-01-01T00:00:00Z'),
    notAfter: new Date(init.notAfter ?? '2120-01-01T00:00:00Z'),
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: signingAlgorithm(signer.privateKey),
    extensions: [...(init.extensions ?? [])],
  })
  const der = new Uint8Array(made.rawData)
  return { der, pem: `${made.toString('pem')}\n`, certificate: parseCertificate(der), keys, subject }
}

/** How a key signs: hashes go with curves, and an RSA key knows its own. */
function signingAlgorithm({ algorithm }: CryptoKey): EcdsaParams {
  const curve =
    'namedCurve' in algorithm
      ? Object.values(SIGNING).find((each) => each.namedCurve === algorithm.namedCurve)
      : undefined
  return curve ?? { ...SIGNING['RSA-PSS'], ...algorithm }
}

/** Makes the certificate of a CA. */
export function issueCa(init: CertificateInit & { readonly pathLength?: number } = {}): Promise<Issued> {
  const extensions = [
    basicConstraints(true, init.pathLength),
    keyUsage('keyCertSign'),
    ...(init.extensions ?? []),
  ]
  return issue({ subject: 'some CA', ...init, extensions })
}

/** Makes a client's certificate, good for nothing else. */
export function issueClient(init: CertificateInit & { readonly issuer: Issued }): Promise<Issued> {
  return issue({ ...init, extensions: [extendedKeyUsage(CLIENT_AUTH), ...(init.extensions ?? [])] })
}

/** A pool of what was issued. */
export function poolOf(...issued: readonly Issued[]): CertificatePool {
  return certificatePoolOf(issued.map(({ certificate }) => certificate))
}

/** A distinguished name. */
export function nameDer(subject: string | readonly Attribute[]): Uint8Array<ArrayBuffer> {
  const attributes: readonly Attribute[] = typeof subject === 'string' ? [[CN, subject]] : subject
  return sequence(
    ...attributes.map(([type, value, tag = 0x0c]) => set(sequence(oid(type), text(tag, value)))),
  )
}

/** An extension around DER. */
export function extension(id: string, value: Uint8Array<ArrayBuffer>, critical = false): Extension {
  return new Extension(id, critical, value)
}

export function basicConstraints(isCa: boolean, pathLength?: number): Extension {
  const fields = [
    ...(isCa ? [boolean(true)] : []),
    ...(pathLength === undefined ? [] : [integer(pathLength)]),
  ]
  return extension('2.5.29.19', sequence(...fields), true)
}

export function keyUsage(usage: 'keyCertSign' | 'digitalSignature'): Extension {
  const bits = usage === 'keyCertSign' ? bitString(Uint8Array.of(0x04), 2) : bitString(Uint8Array.of(0x80), 7)
  return extension('2.5.29.15', bits, true)
}

export function extendedKeyUsage(...usages: readonly string[]): Extension {
  return extension('2.5.29.37', sequence(...usages.map(oid)))
}

export function subjectKeyIdentifier(identifier: Uint8Array): Extension {
  return extension('2.5.29.14', octetString(identifier))
}

export function authorityKeyIdentifier(identifier: Uint8Array): Extension {
  return extension('2.5.29.35', sequence(implicit(0, identifier)))
}

/** The kinds of names by their number. */
const GENERAL_NAME = { email: 1, dns: 2, directory: 4, uri: 6, ip: 7 } as const

/** A name as in `dns:example.com`; addresses in hexadecimal. */
function generalName(name: string): Uint8Array<ArrayBuffer> {
  const [kind = '', ...rest] = name.split(':')
  const value = rest.join(':')
  if (kind === 'directory') return explicit(4, nameDer(value))
  const bytes =
    kind === 'ip' ? Uint8Array.from(value.split('.').map(Number)) : new TextEncoder().encode(value)
  return implicit(GENERAL_NAME[kind as keyof typeof GENERAL_NAME], bytes)
}

export function subjectAltName(...names: readonly string[]): Extension {
  return extension('2.5.29.17', sequence(...names.map(generalName)))
}

export function nameConstraints(
  { permitted = [], excluded = [] }: { permitted?: readonly string[]; excluded?: readonly string[] },
  critical = true,
): Extension {
  const subtrees = (number: number, names: readonly string[]): readonly Uint8Array[] =>
    names.length === 0 ? [] : [explicit(number, ...names.map((name) => sequence(generalName(name))))]
  const value = sequence(...subtrees(0, permitted), ...subtrees(1, excluded))
  return extension('2.5.29.30', value, critical)
}
