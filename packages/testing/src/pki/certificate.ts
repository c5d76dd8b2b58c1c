import { generateKeyPair, signingAlgorithm } from './key-pair.ts'
import { pem } from './pem.ts'
import type { KeyAlgorithm } from './certificate-authority.ts'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type Extension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from './x509-library.ts'

/** A certificate with the key it is about. */
export interface KeyedCertificate {
  readonly name: Name
  readonly keys: CryptoKeyPair
  readonly algorithm: KeyAlgorithm
  readonly der: Uint8Array<ArrayBuffer>
  readonly pem: string
}

/** Who signs. */
export type Signer = Pick<KeyedCertificate, 'name' | 'keys' | 'algorithm'>

/** What a certificate says, beyond its key. */
export interface CertificateContent {
  readonly name: Name
  readonly algorithm: KeyAlgorithm
  readonly notBefore: Date
  readonly notAfter: Date
  /** Present in the certificate of an authority. */
  readonly authority?: { readonly pathLength?: number | undefined }
  readonly hosts?: readonly string[] | undefined
  readonly extendedKeyUsages?: readonly string[] | undefined
}

/**
 * Makes a certificate for a new key.
 *
 * @param signer who issues it; by default it signs itself.
 * @param signingKeys another key than the signer's, for a forgery.
 */
export async function createCertificate(
  content: CertificateContent,
  signer?: Signer,
  signingKeys?: CryptoKeyPair,
): Promise<KeyedCertificate> {
  const { name, algorithm } = content
  const keys = await generateKeyPair(algorithm)
  const issuer = signer ?? { name, keys, algorithm }
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    subject: name,
    issuer: issuer.name,
    notBefore: content.notBefore,
    notAfter: content.notAfter,
    publicKey: keys.publicKey,
    signingKey: (signingKeys ?? issuer.keys).privateKey,
    signingAlgorithm: signingAlgorithm(issuer.algorithm),
    extensions: await extensionsOf(content, keys, signer),
  })
  const der = new Uint8Array(certificate.rawData)
  return { name, keys, algorithm, der, pem: pem('CERTIFICATE', der) }
}

/** The private key in PKCS#8, which Node takes as `key`. */
export async function privateKeyPem(keys: CryptoKeyPair): Promise<string> {
  return pem('PRIVATE KEY', new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey)))
}

async function extensionsOf(
  { algorithm, authority, hosts = [], extendedKeyUsages = [] }: CertificateContent,
  keys: CryptoKeyPair,
  signer: Signer | undefined,
): Promise<Extension[]> {
  const isCritical = true
  return [
    ...(authority === undefined
      ? [new KeyUsagesExtension(leafUsages(algorithm), isCritical)]
      : [
          new BasicConstraintsExtension(true, authority.pathLength, isCritical),
          new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, isCritical),
        ]),
    ...(extendedKeyUsages.length === 0
      ? []
      : [new ExtendedKeyUsageExtension(extendedKeyUsages.map(objectIdentifier))]),
    ...(hosts.length === 0 ? [] : [new SubjectAlternativeNameExtension(hosts.map(generalName))]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ...(signer === undefined ? [] : [await AuthorityKeyIdentifierExtension.create(signer.keys.publicKey)]),
  ]
}

/** RSA keys may also carry the key of a TLS 1.2 session. */
function leafUsages(algorithm: KeyAlgorithm): KeyUsageFlags {
  if (algorithm === 'RSA-2048') return KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment
  return KeyUsageFlags.digitalSignature
}

function objectIdentifier(usage: string): string {
  switch (usage) {
    case 'serverAuth':
      return '1.3.6.1.5.5.7.3.1'
    case 'clientAuth':
      return '1.3.6.1.5.5.7.3.2'
    case 'any':
      return '2.5.29.37.0'
    default:
      return usage
  }
}

function generalName(host: string): { type: 'ip' | 'dns'; value: string } {
  return { type: /^[\d.]+$|:/.test(host) ? 'ip' : 'dns', value: host }
}

/** 128 bits, positive, and as short as it can be written. */
function randomSerialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
