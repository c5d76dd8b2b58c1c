import { randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPki, type IssuedCredential } from '@kube-authn/testing'

/** The files of the webhook and of a kube-apiserver. They are created on the first run and kept. */
export interface Material {
  readonly folder: string
  /** The CA of the webhook's certificate. */
  readonly caPath: string
  readonly certificate: string
  readonly privateKey: string
  /** The CA of the kube-apiservers that may ask. It signs no other certificates. */
  readonly callersCAPath: string
  readonly apiServer: { readonly certificatePath: string; readonly keyPath: string }
  readonly tokenFilePath: string
  /** Jane's token for the kube-apiserver. Only a demonstration stores it, in order to print it. */
  readonly janesToken: string
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Creates two CAs, certificates for both sides and a token file, in a folder readable by this user only.
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
  const path = (name: string): string => join(folder, name)
  const read = (name: string): string => readFileSync(path(name), 'utf8')
  return {
    folder,
    caPath: path('ca.crt'),
    certificate: read('server.crt'),
    privateKey: read('server.key'),
    callersCAPath: path('callers-ca.crt'),
    apiServer: { certificatePath: path('kube-apiserver.crt'), keyPath: path('kube-apiserver.key') },
    tokenFilePath: path('tokens.csv'),
    janesToken: read('janes-token'),
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
  const writePair = (name: string, issued: IssuedCredential): void => {
    write(`${name}.crt`, issued.chainPem, 0o644)
    write(`${name}.key`, issued.privateKeyPem, 0o600)
  }
  const notAfter = new Date(Date.now() + 365 * DAY_MS)
  const servers = await createPki({ commonName: 'token-review-webhook example CA' })
  const callers = await createPki({ commonName: 'token-review-webhook example callers' })
  write('ca.crt', servers.caPem, 0o644)
  write('callers-ca.crt', callers.caPem, 0o644)
  writePair('server', await servers.issueServer({ hosts: ['localhost', '127.0.0.1', '::1'], notAfter }))
  writePair('kube-apiserver', await callers.issueClient({ commonName: 'kube-apiserver', notAfter }))
  const janesToken = randomBytes(18).toString('base64url')
  write('janes-token', janesToken, 0o600)
  write('tokens.csv', `${janesToken},jane,1001,"developers,app1"\n`, 0o600)
}
