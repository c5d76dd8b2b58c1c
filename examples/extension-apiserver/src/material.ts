import { randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPki, type IssuedCredential } from '@kube-authn/testing'

/**
 * The files that are created on the first run and kept. Three CAs, as in a cluster: one for the cluster's servers and users (`ca.crt`),
 * one for the front proxy only, and one for the app's server only.
 */
export type FileName =
  | 'ca.crt'
  | 'front-proxy-ca.crt'
  | 'catalog-ca.crt'
  | `${'cluster' | 'catalog' | 'front-proxy' | 'ann' | 'admin'}.${'crt' | 'key'}`
  | 'tokens.csv'
  | `${'jane' | 'joe'}.token`

/** A folder with those files, and with the files of each run. */
export interface Material {
  readonly folder: string
  path(name: FileName): string
  read(name: FileName): string
}

/** The name of the app within the cluster: its Service, and the name in its certificate. */
export const SERVICE_NAME = 'catalog.shop.svc'

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Creates CAs, certificates and tokens, in a folder readable by this user only.
 *
 * The folder is filled under another name and then renamed, so an interrupted run leaves nothing incomplete. It is recreated when the
 * certificates are about to expire.
 */
export async function prepareMaterial(folder: string): Promise<Material> {
  if (!isUsable(folder)) {
    const unfinished = `${folder}.${process.pid}`
    try {
      await fill(unfinished)
      rmSync(folder, { recursive: true, force: true })
      renameSync(unfinished, folder)
    } finally {
      rmSync(unfinished, { recursive: true, force: true })
    }
  }
  return {
    folder,
    path: (name) => join(folder, name),
    read: (name) => readFileSync(join(folder, name), 'utf8'),
  }
}

function isUsable(folder: string): boolean {
  const path = join(folder, 'cluster.crt')
  if (!existsSync(path)) return false
  return Date.parse(new X509Certificate(readFileSync(path)).validTo) > Date.now() + DAY_MS
}

async function fill(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const write = (name: FileName, content: string, mode: number): void => {
    writeFileSync(join(folder, name), content, { mode })
  }
  const writePair = (
    name: 'cluster' | 'catalog' | 'front-proxy' | 'ann' | 'admin',
    { chainPem, privateKeyPem }: IssuedCredential,
  ): void => {
    write(`${name}.crt`, chainPem, 0o644)
    write(`${name}.key`, privateKeyPem, 0o600)
  }
  const notAfter = new Date(Date.now() + 365 * DAY_MS)
  const local = ['localhost', '127.0.0.1', '::1']

  const cluster = await createPki({ commonName: 'extension-apiserver example cluster' })
  write('ca.crt', cluster.caPem, 0o644)
  writePair('cluster', await cluster.issueServer({ hosts: local, notAfter }))
  writePair('ann', await cluster.issueClient({ commonName: 'ann', organizations: ['shoppers'], notAfter }))
  writePair(
    'admin',
    await cluster.issueClient({ commonName: 'admin', organizations: ['system:masters'], notAfter }),
  )

  const frontProxy = await createPki({ commonName: 'extension-apiserver example front proxy' })
  write('front-proxy-ca.crt', frontProxy.caPem, 0o644)
  writePair('front-proxy', await frontProxy.issueClient({ commonName: 'front-proxy-client', notAfter }))

  const catalog = await createPki({ commonName: 'extension-apiserver example app' })
  write('catalog-ca.crt', catalog.caPem, 0o644)
  writePair('catalog', await catalog.issueServer({ hosts: [SERVICE_NAME, ...local], notAfter }))

  const [janesToken, joesToken] = [randomSecret(), randomSecret()]
  write('jane.token', janesToken, 0o600)
  write('joe.token', joesToken, 0o600)
  write('tokens.csv', `${janesToken},jane,1001,shoppers\n${joesToken},joe,1002,bakers\n`, 0o600)
}

function randomSecret(): string {
  return randomBytes(18).toString('base64url')
}
