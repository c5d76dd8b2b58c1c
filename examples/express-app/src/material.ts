import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPki } from '@kube-authn/testing'

/** Everything the app serves with. All of it is made here on the first run and kept. */
export interface Material {
  readonly caPath: string
  readonly certificate: string
  readonly privateKey: string
  readonly tokenFilePath: string
  readonly passwordFilePath: string
  /** What jane types. An app has no business knowing this; a demonstration prints it. */
  readonly token: string
  readonly password: string
}

/**
 * A certificate for `localhost` from a CA of its own, a token file and a password file, in a folder for this user only.
 * Made once: the folder is filled beside and put in place whole, so that an interrupted first run leaves nothing half-made.
 */
export async function prepareMaterial(folder: string): Promise<Material> {
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`
    try {
      await fill(unfinished)
      renameSync(unfinished, folder)
    } finally {
      rmSync(unfinished, { recursive: true, force: true })
    }
  }
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return {
    caPath: join(folder, 'ca.crt'),
    certificate: read('server.crt'),
    privateKey: read('server.key'),
    tokenFilePath: join(folder, 'tokens.csv'),
    passwordFilePath: join(folder, 'passwords.csv'),
    token: firstColumn(read('tokens.csv')),
    password: firstColumn(read('passwords.csv')),
  }
}

async function fill(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const write = (name: string, content: string, mode: number): void => {
    writeFileSync(join(folder, name), content, { mode })
    chmodSync(join(folder, name), mode)
  }
  const pki = await createPki({ commonName: 'express-app example CA' })
  const server = await pki.issueServer({ hosts: ['localhost', '127.0.0.1', '::1'] })
  write('ca.crt', pki.caPem, 0o644)
  write('server.crt', server.chainPem, 0o644)
  write('server.key', server.privateKeyPem, 0o600)
  write('tokens.csv', `${randomSecret()},jane,1001,"developers,app1"\n`, 0o600)
  write('passwords.csv', `${randomSecret()},joe,1002,"operators"\n`, 0o600)
}

function randomSecret(): string {
  return randomBytes(18).toString('base64url')
}

function firstColumn(csv: string): string {
  return csv.slice(0, csv.indexOf(','))
}
