import { createPublicKey, X509Certificate } from 'node:crypto'
import { join, resolve } from 'node:path'
import { issueServerCertificate } from '../../../certificates/node-authority.ts'
import { Failure } from '../../failure.ts'
import { keyInFile, newKeyPair, pemOfKey, pemOfPublicKey } from '../../key-pair.ts'
import { alone } from '../../lock-file.ts'
import { writeNewFile } from '../../terminal/new-file.ts'
import type { CertificateFiles, ServeSettings } from '../settings.ts'
import { certificateHosts } from './hosts.ts'
import { isFresh, type OwnAuthority, ownAuthority, validFor } from './own-authority.ts'
import { openPrivateFolder, readPrivateFile, readTextFile } from './private-files.ts'

/** How long another start is waited for. */
const WAIT_MS = 10_000
/** How long a certificate of the server is valid, as of kubeadm. */
const DAYS = 365

/** The files with the key that signs tokens, and with its public key. */
export interface SigningKeyFiles {
  readonly keyFile: string
  readonly publicKeyFile: string
}

/** The keys and certificates in a data folder. */
export interface OwnMaterial {
  readonly authority: OwnAuthority
  readonly signingKey: SigningKeyFiles
  /** That of the flags, or the own one. */
  readonly serverCertificate: CertificateFiles
  /** Renews the own certificate if it will expire soon. Nothing happens if the flags name another one. */
  renew(nowMs: number): Promise<void>
}

/**
 * Reads the keys and certificates of a data folder, and makes those that are missing.
 *
 * @throws {Failure} if one cannot be used, or other users could read it.
 */
export async function ownMaterial(settings: ServeSettings, nowMs: number): Promise<OwnMaterial> {
  const folder = join(settings.dataDir, 'pki')
  openPrivateFolder(settings.dataDir)
  openPrivateFolder(folder)
  const hosts = certificateHosts(settings)
  const { certificate, certDir = folder } = settings.tls
  if (certificate === undefined) openPrivateFolder(certDir)
  const certified = async (authority: OwnAuthority, now: number): Promise<CertificateFiles> =>
    certificate ?? ownServerCertificate(certDir, authority, hosts, now)

  return alone(join(folder, 'lock'), 'start', AbortSignal.timeout(WAIT_MS), async () => {
    const authority = await ownAuthority(folder, nowMs)
    return {
      authority,
      signingKey: await ownSigningKey(folder),
      serverCertificate: await certified(authority, nowMs),
      async renew(now) {
        await certified(authority, now)
      },
    }
  })
}

/** The key in a folder that signs tokens of service accounts, which is made if there is none. @throws {Failure} if it cannot be used. */
async function ownSigningKey(folder: string): Promise<SigningKeyFiles> {
  const files = { keyFile: join(folder, 'sa.key'), publicKeyFile: join(folder, 'sa.pub') }
  const found = readPrivateFile(files.keyFile)
  const privateKey =
    found === undefined ? newKeyPair('P-256').privateKey : keyInFile(resolve(files.keyFile), found)
  if (found === undefined) await writeNewFile(files.keyFile, pemOfKey(privateKey), { replaces: false })
  const publicPem = pemOfPublicKey(createPublicKey(privateKey))
  if (readTextFile(files.publicKeyFile) !== publicPem) {
    await writeNewFile(files.publicKeyFile, publicPem, { replaces: true })
  }
  return files
}

/** Makes the certificate of the server anew if it is missing, is not of this CA, lacks one of the hosts, or will expire soon. */
async function ownServerCertificate(
  folder: string,
  authority: OwnAuthority,
  hosts: readonly string[],
  nowMs: number,
): Promise<CertificateFiles> {
  const files = { certFile: join(folder, 'apiserver.crt'), keyFile: join(folder, 'apiserver.key') }
  if (isCurrent(files, authority, hosts, nowMs)) return files
  const { privateKey, publicKey } = newKeyPair('P-256')
  const pem = await issueServerCertificate(authority, {
    publicKey,
    commonName: 'kube-apiserver',
    hosts,
    ...validFor(DAYS, nowMs),
  })
  await writeNewFile(files.keyFile, pemOfKey(privateKey), { replaces: true })
  await writeNewFile(files.certFile, pem, { replaces: true })
  return files
}

function isCurrent(
  { certFile, keyFile }: CertificateFiles,
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

/**
 * The certificates, in PEM, that a client needs to trust the server: the own CA; or with a certificate of the flags that of `--root-ca-file`, and the certificate itself,
 * which is enough for kubectl.
 *
 * @throws {Failure} if a file cannot be read.
 */
export function serverTrust(
  { tls, serviceAccounts: { rootCAFile } }: ServeSettings,
  { authority }: OwnMaterial,
): string {
  if (tls.certificate === undefined) return authority.pem
  const files = [...(rootCAFile === undefined ? [] : [rootCAFile]), tls.certificate.certFile]
  return files.map((file) => certificatesIn(file)).join('')
}

/** What pods trust, and what token secrets contain. @throws {Failure} if a file cannot be read. */
export function rootCA(settings: ServeSettings, material: OwnMaterial): string {
  const { rootCAFile } = settings.serviceAccounts
  return rootCAFile === undefined ? serverTrust(settings, material) : certificatesIn(rootCAFile)
}

function certificatesIn(path: string): string {
  const text = readTextFile(path)
  if (text === undefined) throw new Failure(`${path}: no such file`)
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g)
  if (blocks === null) throw new Failure(`${path}: has no certificate in PEM`)
  return blocks.map((block) => `${block}\n`).join('')
}
