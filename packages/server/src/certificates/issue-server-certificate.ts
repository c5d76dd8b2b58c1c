import type { KeyObject } from 'node:crypto'
import { BITS, readAddress } from '@kube-authn/internal/ip-address'
import { type CertificateContent, issueCertificate } from './issue-certificate.ts'
import { type CertificateAuthority, signingAuthorityOf, spkiOf } from './node-keys.ts'
import { certificateUsages } from './usages.ts'

/** The content of a server's certificate. */
export interface ServerCertificateContent {
  /** EC. */
  readonly publicKey: KeyObject
  readonly commonName: string
  /** DNS names and IP addresses. */
  readonly hosts: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
}

const COMMON_NAME = '2.5.4.3'

/**
 * Issues the certificate of a server, in PEM.
 *
 * @throws {Error} if the CA has a kind of key that cannot sign certificates here: neither RSA nor EC.
 */
export async function issueServerCertificate(
  authority: CertificateAuthority,
  { publicKey, commonName, hosts, notBefore, notAfter }: ServerCertificateContent,
): Promise<string> {
  return issueCertificate(await signingAuthorityOf(authority), {
    subject: [{ type: COMMON_NAME, value: commonName }],
    publicKey: spkiOf(publicKey),
    alternativeNames: hosts.map(nameOf),
    ...certificateUsages(['digital signature', 'server auth']),
    notBefore,
    notAfter,
  })
}

function nameOf(host: string): CertificateContent['alternativeNames'][number] {
  const address = readAddress(host)
  if (address === undefined) return { kind: 'dns', text: host }
  const hex = address.value.toString(16).padStart(BITS[address.family] / 4, '0')
  return { kind: 'ip', octets: new Uint8Array(Buffer.from(hex, 'hex')) }
}
