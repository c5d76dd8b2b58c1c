import type { KeyObject } from 'node:crypto'
import { issueCertificate } from './issue-certificate.ts'
import { type CertificateAuthority, signingAuthorityOf, spkiOf } from './node-keys.ts'
import { certificateUsages } from './usages.ts'

/** The content of a client certificate. */
export interface ClientCertificateContent {
  readonly publicKey: KeyObject
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly uid?: string
  readonly notBefore: Date
  readonly notAfter: Date
}

const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
/** The attribute of a user's uid. Source: apiserver `pkg/authentication/request/x509/x509.go`. */
const UID = '1.3.6.1.4.1.57683.2'

/**
 * Issues a client certificate, in PEM.
 *
 * Source: kubernetes `pkg/controller/certificates/signer/signer.go` has the same usages.
 *
 * @throws {Error} if the CA has a kind of key that cannot sign certificates here: neither RSA nor EC.
 */
export async function issueClientCertificate(
  authority: CertificateAuthority,
  { publicKey, commonName, organizations, uid, notBefore, notAfter }: ClientCertificateContent,
): Promise<string> {
  const usages =
    publicKey.asymmetricKeyType === 'rsa' ? ['digital signature', 'key encipherment'] : ['digital signature']
  return issueCertificate(await signingAuthorityOf(authority), {
    subject: [
      ...organizations.map((value) => ({ type: ORGANIZATION, value })),
      { type: COMMON_NAME, value: commonName },
      ...(uid === undefined ? [] : [{ type: UID, value: uid }]),
    ],
    publicKey: spkiOf(publicKey),
    alternativeNames: [],
    ...certificateUsages([...usages, 'client auth']),
    notBefore,
    notAfter,
  })
}
