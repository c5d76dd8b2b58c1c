import { generateKeyPair, pem, signingAlgorithm } from './key-pair.ts'
import type { KeyAlgorithm } from './certificate-authority.ts'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from './x509-library.ts'

export interface KeyedCertificate {
  readonly name: Name
  readonly keys: CryptoKeyPair
  readonly algorithm: KeyAlgorithm
  readonly der: Uint8Array<ArrayBuffer>
  readonly pem: string
}

export type Signer = Pick<KeyedCertificate, 'name' | 'keys' | 'algorithm'>

/** The content of a certificate, except its key. */
export interface CertificateContent {
  readonly name: Name
  readonly algorithm: KeyAlgorithm
  readonly notBefore: Date
  readonly notAfter: Date
  /** Present in the certificate of a CA. */
  readonly authority?: { readonly pathLength?: number | undefined }
  readonly hosts?: readonly string[] | undefined
  readonly extendedKeyUsages?: readonly string[] | undefined
}

/**
 * Creates a certificate for a new key.
 *
 * @param signer the issuer; by default it is self-signed.
 * @param signingKeys a key other than the signer's, for a forgery.
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

/** The private key in PKCS#8: `key` of Node's TLS. */
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

/** RSA keys may also be used for key encipherment in TLS 1.2. */
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

/** 128 bits, positive, in minimal encoding. */
function randomSerialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
