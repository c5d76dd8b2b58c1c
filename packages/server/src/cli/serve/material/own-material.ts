import { join } from 'node:path'
import { alone } from '../../process-lock.ts'
import type { ServeSettings } from '../settings.ts'
import { certificateHosts } from './hosts.ts'
import { type OwnAuthority, ownAuthority } from './own-authority.ts'
import { ownServerCertificate, type ServerCertificateFiles } from './own-server-certificate.ts'
import { ownSigningKey, type SigningKeyFiles } from './own-signing-key.ts'
import { openPrivateFolder } from './private-files.ts'

/** How long another start is waited for. */
const WAIT_MS = 10_000

/** The keys and certificates in a data folder. */
export interface OwnMaterial {
  readonly authority: OwnAuthority
  readonly signingKey: SigningKeyFiles
  /** That of the flags, or the own one. */
  readonly serverCertificate: ServerCertificateFiles
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
  const certified = async (authority: OwnAuthority, now: number): Promise<ServerCertificateFiles> =>
    certificate ?? ownServerCertificate(certDir, authority, hosts, now)

  return alone(join(folder, 'lock'), 'start', AbortSignal.timeout(WAIT_MS), async () => {
    const [{ authority, serverCertificate }, signingKey] = await Promise.all([
      ownAuthority(folder, nowMs).then(async (made) => ({
        authority: made,
        serverCertificate: await certified(made, nowMs),
      })),
      ownSigningKey(folder),
    ])
    return {
      authority,
      signingKey,
      serverCertificate,
      async renew(now) {
        await certified(authority, now)
      },
    }
  })
}
