import { createPublicKey, type KeyObject, webcrypto, type X509Certificate } from 'node:crypto'
import { BITS, readAddress } from '@kube-authn/internal/ip-address'
import { AttributeType, type Bytes, DerReader, parseCertificate, soleElement, Tag } from '@kube-authn/x509'
import { nameOf, StringTag, text } from './der-writer.ts'
import { type CertificateContent, issueCertificate } from './issue-certificate.ts'
import {
  basicConstraints,
  keyUsage,
  type Lifetime,
  signCertificate,
  subjectKeyIdentifier,
} from './sign-certificate.ts'
import { certificateUsages } from './usages.ts'

/** A CA as Node has it, of which the key belongs to the certificate. */
export interface CertificateAuthority {
  readonly certificate: X509Certificate
  readonly privateKey: KeyObject
}

/** The attribute of a user's uid. Source: apiserver `pkg/authentication/request/x509/x509.go`. */
const UID = '1.3.6.1.4.1.57683.2'

/** The content of a certificate for a key that Node has. */
interface KeyContent extends Lifetime {
  readonly publicKey: KeyObject
  readonly commonName: string
}

export interface ClientCertificateContent extends KeyContent {
  readonly organizations: readonly string[]
  readonly uid?: string
}

/**
 * Issues a client certificate, in PEM.
 *
 * Source: kubernetes `pkg/controller/certificates/signer/signer.go` has the same usages.
 *
 * @throws {Error} if the CA has a kind of key that cannot sign certificates here: neither RSA nor EC.
 */
export async function issueClientCertificate(
  authority: CertificateAuthority,
  content: ClientCertificateContent,
): Promise<string> {
  const { publicKey, commonName, organizations, uid } = content
  const isRsa = publicKey.asymmetricKeyType === 'rsa'
  return issue(authority, content, {
    subject: [
      ...organizations.map((value) => ({ type: AttributeType.organization, value })),
      { type: AttributeType.commonName, value: commonName },
      ...(uid === undefined ? [] : [{ type: UID, value: uid }]),
    ],
    alternativeNames: [],
    ...certificateUsages(['digital signature', ...(isRsa ? ['key encipherment'] : []), 'client auth']),
  })
}

/** The content of a server's certificate. The key is EC. */
export interface ServerCertificateContent extends KeyContent {
  /** DNS names and IP addresses. */
  readonly hosts: readonly string[]
}

/** Issues the certificate of a server, in PEM. @throws {Error} if the CA has a kind of key that cannot sign certificates here: neither RSA nor EC. */
export async function issueServerCertificate(
  authority: CertificateAuthority,
  content: ServerCertificateContent,
): Promise<string> {
  return issue(authority, content, {
    subject: [{ type: AttributeType.commonName, value: content.commonName }],
    alternativeNames: content.hosts.map(alternativeName),
    ...certificateUsages(['digital signature', 'server auth']),
  })
}

async function issue(
  { certificate, privateKey }: CertificateAuthority,
  { publicKey, notBefore, notAfter }: KeyContent,
  content: Omit<CertificateContent, keyof KeyContent>,
): Promise<string> {
  const authority = { certificate: parseCertificate(certificate.raw), key: await signingKeyOf(privateKey) }
  return issueCertificate(authority, { ...content, publicKey: spkiOf(publicKey), notBefore, notAfter })
}

function alternativeName(host: string): CertificateContent['alternativeNames'][number] {
  const address = readAddress(host)
  if (address === undefined) return { kind: 'dns', text: host }
  const hex = address.value.toString(16).padStart(BITS[address.family] / 4, '0')
  return { kind: 'ip', octets: new Uint8Array(Buffer.from(hex, 'hex')) }
}

export interface AuthorityContent extends Lifetime {
  readonly privateKey: KeyObject
  readonly commonName: string
}

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
  const name = nameOf([{ type: AttributeType.commonName, value: text(StringTag.utf8, commonName) }])
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

type Algorithm = webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams

const CURVES: ReadonlyMap<string | undefined, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

/** The private key for WebCrypto. @throws {Error} if it is neither RSA nor EC. */
function signingKeyOf(privateKey: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }))
  return webcrypto.subtle.importKey('pkcs8', der, algorithmOf(privateKey), false, ['sign'])
}

function spkiOf(publicKey: KeyObject): Uint8Array<ArrayBuffer> {
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
}

function algorithmOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const namedCurve = CURVES.get(key.asymmetricKeyDetails?.namedCurve)
  if (namedCurve === undefined) throw new Error('must be an RSA or EC key')
  return { name: 'ECDSA', namedCurve }
}
