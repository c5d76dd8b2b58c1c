import { type Bytes, type Certificate, type CertificateRequest, parseCertificate } from '@kube-authn/x509'
import { directoryString, nameOf } from './der-writer.ts'
import {
  type AlternativeName,
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  type Lifetime,
  signCertificate,
  subjectAlternativeName,
} from './sign-certificate.ts'
import type { CertificateUsages } from './usages.ts'
import { base64urlOf } from '@kube-authn/core/internal'
import { signingKeyFromPem } from '@kube-authn/issuer'
import { pemContents } from './pem-contents.ts'

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
 * @throws {Error} if the key of the CA is neither RSA nor EC, or the content has no form in DER.
 */
export async function issueCertificate(
  { certificate: authority, key }: SigningAuthority,
  content: CertificateContent,
): Promise<string> {
  const { subject } = content
  const names = sortedNames(content.alternativeNames)
  const { subjectKeyIdentifier: identifierOfKey } = authority.extensions
  return signCertificate(
    {
      issuer: authority.subject.der,
      subject: nameOf(subject.map(({ type, value }) => ({ type, value: directoryString(value) }))),
      publicKey: content.publicKey,
      notBefore: content.notBefore,
      notAfter: content.notAfter,
      extensions: [
        ...(content.keyUsage === 0 ? [] : [keyUsage(content.keyUsage)]),
        ...(content.extendedKeyUsages.length === 0 ? [] : [extendedKeyUsage(content.extendedKeyUsages)]),
        basicConstraints(false),
        ...(identifierOfKey === undefined ? [] : [authorityKeyIdentifier(identifierOfKey)]),
        // Without a subject the names identify the certificate (RFC 5280 section 4.2.1.6).
        ...(names.length === 0 ? [] : [subjectAlternativeName(names, subject.length === 0)]),
      ],
    },
    key,
  )
}

/** By kind, as Go writes them. */
function sortedNames(names: readonly AlternativeName[]): readonly AlternativeName[] {
  return (['dns', 'email', 'ip', 'uri'] as const).flatMap((kind) =>
    names.filter((name) => name.kind === kind),
  )
}

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
  const { extensions } = certificate
  if (extensions.basicConstraints?.isCa !== true || extensions.keyUsage?.keyCertSign === false) {
    throw new Error('the certificate of the CA is not for signing certificates')
  }
  const { key, kid } = await signingKeyFromPem(privateKey)
  // The identifier of a key is the digest of its encoding.
  const digest = await crypto.subtle.digest('SHA-256', certificate.publicKey.spki)
  if (base64urlOf(new Uint8Array(digest)) !== kid)
    throw new Error('the key of the CA is not that of its certificate')
  return { certificate, key }
}
