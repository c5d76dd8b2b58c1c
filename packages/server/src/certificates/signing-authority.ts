import { base64urlOf } from '@kube-authn/core/internal'
import { signingKeyFromPem } from '@kube-authn/issuer'
import { parseCertificate } from '@kube-authn/x509'
import type { SigningAuthority } from './issue-certificate.ts'
import { pemContents } from './pem-contents.ts'

/** The certificate of a CA and its key, in PEM. */
export interface AuthorityPem {
  readonly certificate: string
  /** RSA or EC, in PKCS #1, SEC 1 or PKCS #8. */
  readonly privateKey: string
}

/** Reads a CA. @throws {Error} if it cannot sign certificates. The message contains nothing of the key. */
export async function signingAuthority({
  certificate: pem,
  privateKey,
}: AuthorityPem): Promise<SigningAuthority> {
  const [block] = pemContents(pem)
  if (block?.label !== 'CERTIFICATE') throw new Error('the certificate of the CA is not in PEM')
  const certificate = parseCertificate(block.der)
  const { basicConstraints, keyUsage } = certificate.extensions
  if (basicConstraints?.isCa !== true || keyUsage?.keyCertSign === false) {
    throw new Error('the certificate of the CA is not for signing certificates')
  }
  const { key, kid } = await signingKeyFromPem(privateKey)
  // The identifier of a key is the digest of its encoding.
  const digest = await crypto.subtle.digest('SHA-256', certificate.publicKey.spki)
  if (base64urlOf(new Uint8Array(digest)) !== kid)
    throw new Error('the key of the CA is not that of its certificate')
  return { certificate, key }
}
