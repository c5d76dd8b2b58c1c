import type { Bytes, Certificate, CertificateRequest } from '@kube-authn/x509'
import { directoryString, nameOf } from './der-writer.ts'
import type { Lifetime } from './lifetime.ts'
import {
  type AlternativeName,
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  signCertificate,
  subjectAlternativeName,
} from './sign-certificate.ts'
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
