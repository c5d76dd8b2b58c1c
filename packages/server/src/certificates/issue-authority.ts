import { createPublicKey, type KeyObject } from 'node:crypto'
import { hashOf, randomSerialNumber } from './issue-certificate.ts'
import { signingKeyOf, spkiOf } from './node-keys.ts'

/** The content of the certificate of a CA. */
export interface AuthorityContent {
  readonly privateKey: KeyObject
  readonly commonName: string
  readonly notBefore: Date
  readonly notAfter: Date
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
  // It needs metadata on `Reflect`, which must be loaded before it.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const publicKey = spkiOf(createPublicKey(privateKey))
  const signingKey = await signingKeyOf(privateKey)
  const name = new x509.Name([{ CN: [{ utf8String: commonName }] }])
  const { keyCertSign, digitalSignature, keyEncipherment } = x509.KeyUsageFlags
  const issued = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    subject: name,
    issuer: name,
    notBefore,
    notAfter,
    publicKey,
    signingKey,
    signingAlgorithm: { name: signingKey.algorithm.name, hash: hashOf(signingKey) },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(keyCertSign | digitalSignature | keyEncipherment, true),
      await x509.SubjectKeyIdentifierExtension.create(new x509.PublicKey(publicKey)),
    ],
  })
  return `${issued.toString('pem')}\n`
}
