import type { OwnMaterial } from './material/own-material.ts'
import { readTextFile } from './material/private-files.ts'
import type { ServeSettings } from './settings.ts'
import { Failure } from '../failure.ts'

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
