import { createPublicKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { issueServerCertificate } from '../../../certificates/issue-server-certificate.ts'
import { writeNewFile } from '../../terminal/new-file.ts'
import { newPrivateKey, pemOfKey } from './key-pair.ts'
import type { OwnAuthority } from './own-authority.ts'
import { readPrivateFile, readTextFile } from './private-files.ts'
import { isFresh, validFor } from './validity.ts'

/** As kubeadm. */
const DAYS = 365

/** The certificate and the key of the server, in files. */
export interface ServerCertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

/**
 * Makes the certificate of the server anew if it is missing, is not of this CA, lacks one of the hosts, or will expire soon.
 *
 * @throws {Failure} if the files cannot be read or written.
 */
export async function ownServerCertificate(
  folder: string,
  authority: OwnAuthority,
  hosts: readonly string[],
  nowMs: number,
): Promise<ServerCertificateFiles> {
  const files = { certFile: join(folder, 'apiserver.crt'), keyFile: join(folder, 'apiserver.key') }
  if (isCurrent(files, authority, hosts, nowMs)) return files
  const privateKey = await newPrivateKey()
  const pem = await issueServerCertificate(authority, {
    publicKey: createPublicKey(privateKey),
    commonName: 'kube-apiserver',
    hosts,
    ...validFor(DAYS, nowMs),
  })
  writeNewFile(files.keyFile, pemOfKey(privateKey), { replaces: true })
  writeNewFile(files.certFile, pem, { replaces: true })
  return files
}

function isCurrent(
  { certFile, keyFile }: ServerCertificateFiles,
  authority: OwnAuthority,
  hosts: readonly string[],
  nowMs: number,
): boolean {
  const key = readPrivateFile(keyFile)
  const pem = readTextFile(certFile)
  if (key === undefined || pem === undefined) return false
  try {
    const certificate = new X509Certificate(pem)
    return (
      certificate.checkIssued(authority.certificate) &&
      certificate.verify(authority.certificate.publicKey) &&
      createPublicKey(key).equals(certificate.publicKey) &&
      hosts.every((host) => (certificate.checkHost(host) ?? certificate.checkIP(host)) !== undefined) &&
      isFresh(certificate, nowMs)
    )
  } catch {
    return false
  }
}
