import { type Bytes, type Certificate, type CertificateRequest, parseCertificate } from '@kube-authn/x509'
import { hexOf, isSameBytes } from '@kube-authn/internal/bytes'
import { printedAddress } from '@kube-authn/internal/ip-address'
import type { Lifetime } from './lifetime.ts'
import type { CertificateUsages } from './usages.ts'

/** A CA: its certificate, and the key that belongs to it. */
export interface SigningAuthority {
  readonly certificate: Certificate
  /** RSA for PKCS #1 v1.5 with SHA-256, or EC. */
  readonly key: CryptoKey
}

/** One part of a name, as in `O=admins`. */
export interface SubjectAttribute {
  /** An object identifier in dotted form. */
  readonly type: string
  readonly value: string
}

/** The content of a certificate. */
export interface CertificateContent extends Lifetime, CertificateUsages {
  /** Each becomes an RDN of its own. */
  readonly subject: readonly SubjectAttribute[]
  /** `SubjectPublicKeyInfo`. */
  readonly publicKey: Bytes
  readonly alternativeNames: CertificateRequest['alternativeNames']
}

/**
 * Issues a certificate that is not the certificate of a CA.
 *
 * Source: kubernetes `pkg/controller/certificates/authority/authority.go` has the same content.
 *
 * @returns PEM.
 * @throws {Error} if the key of the CA is neither RSA nor EC.
 */
export async function issueCertificate(
  { certificate: authority, key }: SigningAuthority,
  content: CertificateContent,
): Promise<string> {
  // It needs metadata on `Reflect`, which must be loaded before it.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const { keyUsage, extendedKeyUsages, subject } = content
  const names = sortedNames(content.alternativeNames)
  const { subjectKeyIdentifier: identifier } = authority.extensions
  const issued = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    subject: new x509.Name(subject.map(({ type, value }) => ({ [type]: [directoryString(value)] }))),
    issuer: new x509.Name(authority.subject.der),
    notBefore: content.notBefore,
    notAfter: content.notAfter,
    publicKey: content.publicKey,
    signingKey: key,
    signingAlgorithm: { name: key.algorithm.name, hash: hashOf(key) },
    extensions: [
      ...(keyUsage === 0 ? [] : [new x509.KeyUsagesExtension(keyUsage, true)]),
      ...(extendedKeyUsages.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension([...extendedKeyUsages])]),
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(identifier === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(hexOf(identifier))]),
      // Without a subject the names identify the certificate (RFC 5280 section 4.2.1.6).
      ...(names.length === 0
        ? []
        : [new x509.SubjectAlternativeNameExtension([...names], subject.length === 0)]),
    ],
  })
  // What clients verify is read as they read it.
  const { issuer } = parseCertificate(new Uint8Array(issued.rawData))
  if (!isSameBytes(issuer.der, authority.subject.der)) throw new Error('the name of the CA cannot be written')
  return `${issued.toString('pem')}\n`
}

/** As Go writes it: a PrintableString if that has all characters. */
function directoryString(
  value: string,
): { readonly printableString: string } | { readonly utf8String: string } {
  return /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? { printableString: value } : { utf8String: value }
}

type GeneralName = CertificateRequest['alternativeNames'][number]

/** A name as the library takes it. */
interface WrittenName {
  readonly type: 'dns' | 'email' | 'ip' | 'url'
  readonly value: string
}

/** By kind, as Go writes them. */
function sortedNames(names: readonly GeneralName[]): readonly WrittenName[] {
  const written = names.map(writtenName)
  return (['dns', 'email', 'ip', 'url'] as const).flatMap((kind) =>
    written.filter(({ type }) => type === kind),
  )
}

function writtenName(name: GeneralName): WrittenName {
  if (name.kind === 'ip') {
    const value = BigInt(`0x${hexOf(name.octets)}`)
    return { type: 'ip', value: printedAddress({ family: name.octets.length === 4 ? 4 : 6, value }) }
  }
  return { type: name.kind === 'uri' ? 'url' : name.kind, value: name.text }
}

const HASHES: ReadonlyMap<unknown, string> = new Map([
  ['P-256', 'SHA-256'],
  ['P-384', 'SHA-384'],
  ['P-521', 'SHA-512'],
])

/** The hash that goes with a key. @throws {Error} if it is neither RSA nor EC. */
export function hashOf({ algorithm }: CryptoKey): string {
  if (algorithm.name === 'RSASSA-PKCS1-v1_5') return 'SHA-256'
  const hash = 'namedCurve' in algorithm ? HASHES.get(algorithm.namedCurve) : undefined
  if (hash === undefined) throw new Error('must be an RSA or EC key')
  return hash
}

/** 128 bits, positive, in minimal encoding. */
export function randomSerialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return hexOf(bytes)
}
