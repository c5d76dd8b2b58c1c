import { createPublicKey, type KeyObject } from 'node:crypto'
import { type Bytes, DerReader, soleElement, Tag } from '@kube-authn/x509'
import { StringTag, text } from './der-writer.ts'
import { nameOf } from './distinguished-name.ts'
import { signingKeyOf, spkiOf } from './node-keys.ts'
import { signCertificate } from './sign-certificate.ts'
import { certificateUsages } from './usages.ts'
import { basicConstraints, keyUsage, subjectKeyIdentifier } from './written-extensions.ts'

/** The content of the certificate of a CA. */
export interface AuthorityContent {
  readonly privateKey: KeyObject
  readonly commonName: string
  readonly notBefore: Date
  readonly notAfter: Date
}

const COMMON_NAME = '2.5.4.3'

/**
 * Issues the certificate of a CA for its own key, in PEM. It may sign certificates of clients and servers, and no other CA.
 *
 * Source: client-go `util/cert/cert.go` (NewSelfSignedCACert).
 *
 * @throws {Error} if the key is neither RSA nor EC.
 */
export async function issueAuthority({
  privateKey,
  commonName,
  notBefore,
  notAfter,
}: AuthorityContent): Promise<string> {
  const publicKey = spkiOf(createPublicKey(privateKey))
  const name = nameOf([{ type: COMMON_NAME, value: text(StringTag.utf8, commonName) }])
  const { keyUsage: bits } = certificateUsages(['cert sign', 'digital signature', 'key encipherment'])
  return signCertificate(
    {
      subject: name,
      issuer: name,
      notBefore,
      notAfter,
      publicKey,
      extensions: [
        basicConstraints(true),
        keyUsage(bits),
        subjectKeyIdentifier(await keyIdentifierOf(publicKey)),
      ],
    },
    await signingKeyOf(privateKey),
  )
}

/** The SHA-1 of the key itself (RFC 5280 section 4.2.1.2, method 1). */
async function keyIdentifierOf(spki: Bytes): Promise<Uint8Array> {
  const what = 'subjectPublicKeyInfo'
  const fields = new DerReader(soleElement(spki, Tag.sequence, what))
  fields.next(what)
  const { bytes, contentStart, end } = fields.next(what)
  // The first octet counts the unused bits of the last one.
  return new Uint8Array(await crypto.subtle.digest('SHA-1', bytes.subarray(contentStart + 1, end)))
}
