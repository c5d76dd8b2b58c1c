import { type KeyObject, webcrypto, type X509Certificate } from 'node:crypto'
import { parseCertificate } from '@kube-authn/x509'
import type { SigningAuthority } from './issue-certificate.ts'

/** A CA as Node has it, of which the key belongs to the certificate. */
export interface CertificateAuthority {
  readonly certificate: X509Certificate
  readonly privateKey: KeyObject
}

type Algorithm = webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams

const CURVES: ReadonlyMap<string | undefined, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

/** The CA as certificates are issued by it. @throws {Error} if its key is neither RSA nor EC. */
export async function signingAuthorityOf({
  certificate,
  privateKey,
}: CertificateAuthority): Promise<SigningAuthority> {
  return { certificate: parseCertificate(certificate.raw), key: await signingKeyOf(privateKey) }
}

/** The private key for WebCrypto. @throws {Error} if it is neither RSA nor EC. */
export function signingKeyOf(privateKey: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }))
  return webcrypto.subtle.importKey('pkcs8', der, algorithmOf(privateKey), false, ['sign'])
}

/** The `SubjectPublicKeyInfo` of a public key. */
export function spkiOf(publicKey: KeyObject): Uint8Array<ArrayBuffer> {
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
}

function algorithmOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const namedCurve = CURVES.get(key.asymmetricKeyDetails?.namedCurve)
  if (namedCurve === undefined) throw new Error('must be an RSA or EC key')
  return { name: 'ECDSA', namedCurve }
}
