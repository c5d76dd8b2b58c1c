import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHMS = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'RSA-2048': {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
} as const

/** The files of a CA: unlike that of `@kube-authn/testing`, its key can be read. Its name has strings of several types, as openssl writes them. */
export async function authorityFor(algorithm: keyof typeof ALGORITHMS): Promise<{
  readonly certificatePem: string
  readonly privateKeyPem: string
}> {
  const signingAlgorithm = ALGORITHMS[algorithm]
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])
  const year = new Date().getFullYear()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: new Name([
      { C: [{ printableString: 'DE' }] },
      { O: [{ utf8String: 'a CA' }] },
      { CN: [{ printableString: 'CA' }] },
    ]),
    notBefore: new Date(`${year - 1}-01-01`),
    notAfter: new Date(`${year + 10}-01-01`),
    keys,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    certificatePem: certificate.toString('pem'),
    privateKeyPem: PemConverter.encode(key, 'PRIVATE KEY'),
  }
}
