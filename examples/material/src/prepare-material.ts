import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPki, type IssuedCredential } from '@kube-authn/testing'
import { certificatesOf, type Plan, type SecretsOf } from './plan.ts'

/** A folder with the files of a plan, and with the files that the example adds. */
export interface Material<Secret extends string = never> {
  readonly folder: string
  readonly secrets: SecretsOf<Secret>
  readonly path: (name: string) => string
  readonly read: (name: string) => string
}

const DAY_MS = 24 * 60 * 60 * 1000
const LOCAL = ['localhost', '127.0.0.1', '::1']

/**
 * Creates the files of a plan, in a folder readable by this user only. On the next run they are kept, unless one is missing or a
 * certificate is about to expire.
 *
 * The folder is filled under another name and then renamed, so an interrupted run leaves nothing incomplete.
 */
export async function prepareMaterial<const Secret extends string = never>(
  folder: string,
  plan: Plan<Secret>,
): Promise<Material<Secret>> {
  if (!isUsable(folder, plan)) {
    const unfinished = `${folder}.${process.pid}`
    try {
      await fill(unfinished, plan)
      rmSync(folder, { recursive: true, force: true })
      renameSync(unfinished, folder)
    } finally {
      rmSync(unfinished, { recursive: true, force: true })
    }
  }
  const path = (name: string): string => join(folder, name)
  const read = (name: string): string => readFileSync(path(name), 'utf8')
  return { folder, path, read, secrets: JSON.parse(read('secrets.json')) as SecretsOf<Secret> }
}

function isUsable<Secret extends string>(folder: string, plan: Plan<Secret>): boolean {
  const { signingKeys = [], secrets = [], files = {} } = plan
  const certificates = certificatesOf(plan)
  const names = [...certificates, ...signingKeys.map((name) => `${name}.pub`), ...Object.keys(files)]
  if (![...names, 'secrets.json'].every((name) => existsSync(join(folder, name)))) return false
  const kept = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8')) as object
  if (!secrets.every((name) => Object.hasOwn(kept, name))) return false
  return certificates.every((name) => {
    const { validTo } = new X509Certificate(readFileSync(join(folder, name)))
    return Date.parse(validTo) > Date.now() + DAY_MS
  })
}

async function fill<Secret extends string>(folder: string, plan: Plan<Secret>): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const write = (name: string, content: string): void => {
    writeFileSync(join(folder, name), content, { mode: /\.(?:crt|pub)$/.test(name) ? 0o644 : 0o600 })
  }
  const writePair = (name: string, { chainPem, privateKeyPem }: IssuedCredential): void => {
    write(`${name}.crt`, chainPem)
    write(`${name}.key`, privateKeyPem)
  }

  const notAfter = new Date(Date.now() + 365 * DAY_MS)
  for (const [authority, { servers = {}, clients = {} }] of Object.entries(plan.authorities ?? {})) {
    const pki = await createPki({ commonName: `example ${authority}` })
    write(`${authority}.crt`, pki.caPem)
    for (const [name, { hosts = [], ...options }] of Object.entries(servers)) {
      writePair(name, await pki.issueServer({ hosts: [...hosts, ...LOCAL], notAfter, ...options }))
    }
    for (const [name, options] of Object.entries(clients)) {
      writePair(name, await pki.issueClient({ notAfter, ...options }))
    }
  }

  for (const name of plan.signingKeys ?? []) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    write(`${name}.key`, privateKey)
    write(`${name}.pub`, publicKey)
  }

  const secrets = Object.fromEntries(
    (plan.secrets ?? []).map((name) => [name, randomBytes(18).toString('base64url')]),
  ) as SecretsOf<Secret>
  write('secrets.json', JSON.stringify(secrets))
  for (const [name, contentOf] of Object.entries(plan.files ?? {})) write(name, contentOf(secrets))
}
