import { randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPki } from '@kube-authn/testing'

/** The files of the app, of Keystone and of the printed commands. */
export interface Material {
  readonly folder: string
  /** The CA of both servers' certificates. */
  readonly caPath: string
  readonly certificatePath: string
  readonly keyPath: string
  readonly secrets: Secrets
}

/** The passwords of the users. Only a demonstration stores them, in order to print them. */
export interface Secrets {
  readonly adminsPassword: string
  readonly janesPassword: string
  readonly joesPassword: string
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Creates a CA, a certificate for both servers, and passwords, in a folder readable by this user only. It is recreated, and the cloud
 * with it, when the certificate is about to expire.
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
  const path = (name: string): string => join(folder, name)
  return {
    folder,
    caPath: path('ca.crt'),
    certificatePath: path('server.crt'),
    keyPath: path('server.key'),
    secrets: JSON.parse(readFileSync(path('secrets.json'), 'utf8')) as Secrets,
  }
}

function isUsable(folder: string): boolean {
  const path = join(folder, 'server.crt')
  if (!existsSync(path)) return false
  return Date.parse(new X509Certificate(readFileSync(path)).validTo) > Date.now() + DAY_MS
}

async function fill(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const write = (name: string, content: string, mode: number): void => {
    writeFileSync(join(folder, name), content, { mode })
  }
  const notAfter = new Date(Date.now() + 365 * DAY_MS)
  const pki = await createPki({ commonName: 'keystone example CA' })
  const server = await pki.issueServer({ hosts: ['localhost', '127.0.0.1', '::1'], notAfter })
  write('ca.crt', pki.caPem, 0o644)
  write('server.crt', server.chainPem, 0o644)
  write('server.key', server.privateKeyPem, 0o600)
  const secrets: Secrets = {
    adminsPassword: randomSecret(),
    janesPassword: randomSecret(),
    joesPassword: randomSecret(),
  }
  write('secrets.json', JSON.stringify(secrets), 0o600)
}

function randomSecret(): string {
  return randomBytes(18).toString('base64url')
}
