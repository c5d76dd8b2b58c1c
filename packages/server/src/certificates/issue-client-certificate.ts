import { type KeyObject, webcrypto, type X509Certificate } from 'node:crypto'
import { parseCertificate } from '@kube-authn/x509'
import { issueCertificate } from './issue-certificate.ts'
import { certificateUsages } from './usages.ts'

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
  { certificate, privateKey }: CertificateAuthority,
  { publicKey, commonName, organizations, uid, notBefore, notAfter }: ClientCertificateContent,
): Promise<string> {
  const pkcs8 = new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }))
  const key = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithmOf(privateKey), false, ['sign'])
  const usages =
    publicKey.asymmetricKeyType === 'rsa' ? ['digital signature', 'key encipherment'] : ['digital signature']
  return issueCertificate(
    { certificate: parseCertificate(certificate.raw), key },
    {
      subject: [
        ...organizations.map((value) => ({ type: ORGANIZATION, value })),
        { type: COMMON_NAME, value: commonName },
        ...(uid === undefined ? [] : [{ type: UID, value: uid }]),
      ],
      publicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
      alternativeNames: [],
      ...certificateUsages([...usages, 'client auth']),
      notBefore,
      notAfter,
    },
  )
}

const CURVES: ReadonlyMap<string | undefined, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

function algorithmOf(key: KeyObject): webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const namedCurve = CURVES.get(key.asymmetricKeyDetails?.namedCurve)
  if (namedCurve === undefined) throw new Error('must be an RSA or EC key')
  return { name: 'ECDSA', namedCurve }
}
