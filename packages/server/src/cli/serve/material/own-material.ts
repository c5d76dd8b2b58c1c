import { createPublicKey, X509Certificate } from 'node:crypto'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { ParsedFlags } from '@kube-authn/node/internal'
import { issueServerCertificate } from '../../../certificates/node-authority.ts'
import { Failure } from '../../failure.ts'
import { newKeyPair, pemOfKey, pemOfPublicKey } from '../../key-pair.ts'
import { alone } from '../../lock-file.ts'
import { writeNewFile } from '../../terminal/new-file.ts'
import { type CertificateFiles, tlsSettings } from '../flags/listen-flags.ts'
import { foundAuthority, isFresh, type OwnAuthority, ownAuthority, validFor } from './own-authority.ts'
import {
  openPrivateFolder,
  readPrivateFile,
  readPrivateKey,
  readTextFile,
  requirePrivateFolder,
} from './private-files.ts'

/** How long another start is waited for. */
const WAIT_MS = 10_000
/** How long a certificate of the server is valid, as of kubeadm. */
const DAYS = 365

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
export async function ownMaterial(flags: ParsedFlags, nowMs: number): Promise<OwnMaterial> {
  const { folder, certDir, folders, signingKey } = placesOf(flags)
  for (const each of folders) openPrivateFolder(each)
  const hosts = certificateHosts(flags)
  const { certificate } = tlsSettings(flags)
  const certified = async (authority: OwnAuthority, now: number): Promise<CertificateFiles> =>
    certificate ?? ownServerCertificate(certDir, authority, hosts, now)

  return alone(join(folder, 'lock'), 'start', AbortSignal.timeout(WAIT_MS), async () => {
    const authority = await ownAuthority(folder, nowMs)
    return {
      authority,
      signingKey: await ownSigningKey(signingKey),
      serverCertificate: await certified(authority, nowMs),
      async renew(now) {
        await certified(authority, now)
      },
    }
  })
}

/** Where the keys and certificates of a data folder are, and the folders that are used. */
function placesOf(flags: ParsedFlags) {
  const dataDir = flags.string('data-dir')
  const folder = join(dataDir, 'pki')
  const certDir = flags.optional('cert-dir') ?? folder
  return {
    folder,
    signingKey: { keyFile: join(folder, 'sa.key'), publicKeyFile: join(folder, 'sa.pub') },
    certDir,
    folders: [dataDir, folder, ...(tlsSettings(flags).certificate === undefined ? [certDir] : [])],
  }
}

/** Reads what of {@link ownMaterial} is there already, and makes nothing. Returns the CA; `undefined` if it will be made. @throws {Failure} as it does. */
export function foundMaterial(flags: ParsedFlags, nowMs: number): OwnAuthority | undefined {
  const { folder, signingKey, folders } = placesOf(flags)
  for (const each of folders) requirePrivateFolder(each)
  readPrivateKey(signingKey.keyFile)
  const authority = foundAuthority(folder, nowMs)
  return 'pem' in authority ? authority : undefined
}

/** The key that signs tokens of service accounts, which is made if there is none. @throws {Failure} if it cannot be used. */
async function ownSigningKey(files: SigningKeyFiles): Promise<SigningKeyFiles> {
  const found = readPrivateKey(files.keyFile)
  const privateKey = found ?? newKeyPair('P-256').privateKey
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
export function serverTrust(flags: ParsedFlags, { authority }: OwnMaterial): string {
  const { certificate } = tlsSettings(flags)
  if (certificate === undefined) return authority.pem
  const rootCAFile = flags.optional('root-ca-file')
  const root = rootCAFile === undefined ? '' : certificatesIn('root-ca-file', rootCAFile)
  return root + certificatesIn('tls-cert-file', certificate.certFile)
}

/** What pods trust, and what token secrets contain. @throws {Failure} if a file cannot be read. */
export function rootCA(flags: ParsedFlags, material: OwnMaterial): string {
  const rootCAFile = flags.optional('root-ca-file')
  return rootCAFile === undefined ? serverTrust(flags, material) : certificatesIn('root-ca-file', rootCAFile)
}

/** The certificates in a file of a flag. @throws {Failure} if there are none. */
export function certificatesIn(flag: string, path: string): string {
  const text = readTextFile(path)
  if (text === undefined) throw new Failure(`--${flag}: ${path}: no such file`)
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g)
  if (blocks === null) throw new Failure(`--${flag}: ${path}: has no certificate in PEM`)
  return blocks.map((block) => `${block}\n`).join('')
}

const ALWAYS = [
  'localhost',
  '127.0.0.1',
  '::1',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
] as const

/** The hosts that the own certificate is for: all by which a client may reach the server. */
function certificateHosts(flags: ParsedFlags): readonly string[] {
  const host = flags.string('bind-address')
  const bound = isUnspecified(host) ? ownHosts() : [host]
  const further = [flags.string('advertise-address'), flags.string('external-hostname')].filter(
    (each) => each !== '',
  )
  return [...new Set([...ALWAYS, ...bound, ...further])]
}

/** Host and port by which clients reach the server. */
export function clientAddress(flags: ParsedFlags, port: number): string {
  const address = flags.string('bind-address')
  const bound = isUnspecified(address) ? '127.0.0.1' : address
  const host = flags.optional('external-hostname') ?? flags.optional('advertise-address') ?? bound
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function isUnspecified(address: string): boolean {
  return /^(?:0\.0\.0\.0|[0:]+)$/.test(address)
}

function ownHosts(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  // An address with a scope is of one link.
  const reachable = addresses.filter(({ scopeid = 0 }) => scopeid === 0).map(({ address }) => address)
  const name = hostname()
  return /^[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?$/i.test(name) ? [name, ...reachable] : reachable
}
