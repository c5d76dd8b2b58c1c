import { type KeyObject, webcrypto, type X509Certificate } from 'node:crypto'

/** A CA, of which the key belongs to the certificate. */
export interface CertificateAuthority {
  readonly certificate: X509Certificate
  readonly privateKey: KeyObject
}

/** The content of a client certificate. */
export interface ClientCertificateContent {
  readonly publicKey: KeyObject
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly uid?: string
  readonly notBefore: Date
  readonly notAfter: Date
}

/** The attribute of a user's uid. Source: apiserver `pkg/authentication/request/x509/x509.go`. */
const UID_ATTRIBUTE = '1.3.6.1.4.1.57683.2'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/**
 * Issues a client certificate, in PEM.
 *
 * Source: kubernetes `pkg/controller/certificates/signer/signer.go` has the same usages.
 *
 * @throws {Error} if the CA has a kind of key that cannot sign certificates here: neither RSA nor EC.
 */
export async function issueClientCertificate(
  { certificate, privateKey }: CertificateAuthority,
  { publicKey, commonName, organizations, uid, notBefore, notAfter }: ClientCertificateContent,
): Promise<string> {
  // It needs metadata on `Reflect`, which must be loaded before it.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const authority = new x509.X509Certificate(certificate.raw)
  const signingAlgorithm = signingAlgorithmOf(privateKey)
  const subject = new x509.Name([
    ...organizations.map((value) => ({ O: [{ utf8String: value }] })),
    { CN: [{ utf8String: commonName }] },
    ...(uid === undefined ? [] : [{ [UID_ATTRIBUTE]: [{ utf8String: uid }] }]),
  ])
  const key = await subjectKey(publicKey)
  const identifier = authority.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId
  const usages =
    publicKey.asymmetricKeyType === 'rsa'
      ? x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment
      : x509.KeyUsageFlags.digitalSignature
  const issued = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    subject,
    issuer: authority.subjectName,
    notBefore,
    notAfter,
    publicKey: key,
    signingKey: await webcrypto.subtle.importKey(
      'pkcs8',
      new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })),
      signingAlgorithm,
      false,
      ['sign'],
    ),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(usages, true),
      new x509.ExtendedKeyUsageExtension([CLIENT_AUTH]),
      ...(identifier === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(identifier)]),
    ],
  })
  return `${issued.toString('pem')}\n`
}

type SigningAlgorithm =
  | { readonly name: 'RSASSA-PKCS1-v1_5'; readonly hash: string }
  | { readonly name: 'ECDSA'; readonly namedCurve: string; readonly hash: string }

const CURVES: ReadonlyMap<string | undefined, readonly [namedCurve: string, hash: string]> = new Map([
  ['prime256v1', ['P-256', 'SHA-256']],
  ['secp384r1', ['P-384', 'SHA-384']],
  ['secp521r1', ['P-521', 'SHA-512']],
])

function signingAlgorithmOf(key: KeyObject): SigningAlgorithm {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const [namedCurve, hash] = CURVES.get(key.asymmetricKeyDetails?.namedCurve) ?? []
  if (namedCurve === undefined || hash === undefined) throw new Error('must be an RSA or EC key')
  return { name: 'ECDSA', namedCurve, hash }
}

function subjectKey(publicKey: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  return webcrypto.subtle.importKey('spki', der, signingAlgorithmOf(publicKey), true, ['verify'])
}

/** 128 bits, positive, in minimal encoding. */
function randomSerialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return Buffer.from(bytes).toString('hex')
}
