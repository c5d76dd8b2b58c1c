import { generateKeyPairSync, randomBytes, scryptSync, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPki } from '@kube-authn/testing'

/** The files of the app. They are created on the first run and kept. */
export interface Material {
  readonly caPath: string
  readonly certificate: string
  readonly privateKey: string
  /** The CA of the users' certificates. It is not the server's CA. */
  readonly clientCAPath: string
  /** Certificates of users and their keys, for clients. */
  readonly jbeda: ClientFiles
  readonly stranger: ClientFiles
  readonly tokenFilePath: string
  readonly passwordFilePath: string
  /** The server certificate of the OpenID Connect issuer, from its own CA. */
  readonly issuer: {
    readonly caPath: string
    readonly certificate: string
    readonly privateKey: string
  }
  /** The keys that sign and verify service account tokens. */
  readonly serviceAccounts: { readonly privateKeyPath: string; readonly publicKeyPath: string }
  readonly auditPath: string
  readonly secrets: Secrets
}

/** The credentials of the users, and the client secret for the issuer. Only a demonstration stores them, in order to print them. */
export interface Secrets {
  readonly janesToken: string
  readonly clarksToken: string
  readonly joesPassword: string
  readonly marysPassword: string
  readonly clientSecret: string
}

/** The paths of a client's certificate and key. */
export interface ClientFiles {
  readonly certificatePath: string
  readonly keyPath: string
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Creates a certificate for `localhost` from a new CA, a token file and a password file, in a folder readable by this user only.
 *
 * The folder is filled under another name and then renamed, so an interrupted run leaves nothing incomplete. It is recreated when the
 * certificate is about to expire.
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
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return {
    caPath: join(folder, 'ca.crt'),
    certificate: read('server.crt'),
    privateKey: read('server.key'),
    clientCAPath: join(folder, 'client-ca.crt'),
    jbeda: clientFiles(folder, 'jbeda'),
    stranger: clientFiles(folder, 'stranger'),
    tokenFilePath: join(folder, 'tokens.csv'),
    passwordFilePath: join(folder, 'passwords.csv'),
    issuer: {
      caPath: join(folder, 'issuer-ca.crt'),
      certificate: read('issuer.crt'),
      privateKey: read('issuer.key'),
    },
    serviceAccounts: { privateKeyPath: join(folder, 'sa.key'), publicKeyPath: join(folder, 'sa.pub') },
    auditPath: join(folder, 'audit.jsonl'),
    secrets: JSON.parse(read('secrets.json')) as Secrets,
  }
}

function clientFiles(folder: string, name: string): ClientFiles {
  return { certificatePath: join(folder, `${name}.crt`), keyPath: join(folder, `${name}.key`) }
}

function isUsable(folder: string): boolean {
  if (!existsSync(join(folder, 'sa.pub'))) return false
  return ['server.crt', 'issuer.crt']
    .map((name) => join(folder, name))
    .every(
      (path) =>
        existsSync(path) && Date.parse(new X509Certificate(readFileSync(path)).validTo) > Date.now() + DAY_MS,
    )
}

async function fill(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const write = (name: string, content: string, mode: number): void => {
    writeFileSync(join(folder, name), content, { mode })
  }
  const notAfter = new Date(Date.now() + 365 * DAY_MS)
  const pki = await createPki({ commonName: 'express-app example CA' })
  const server = await pki.issueServer({ hosts: ['localhost', '127.0.0.1', '::1'], notAfter })
  const issuerPki = await createPki({ commonName: 'express-app example issuer' })
  const issuer = await issuerPki.issueServer({ hosts: ['localhost', '127.0.0.1', '::1'], notAfter })
  const users = await createPki({ commonName: 'express-app example users' })
  const clients = {
    jbeda: await users.issueClient({ commonName: 'jbeda', organizations: ['app1', 'app2'], notAfter }),
    // The same name from an untrusted CA.
    stranger: await (
      await createPki()
    ).issueClient({ commonName: 'jbeda', organizations: ['app1'], notAfter }),
  }
  const secrets: Secrets = {
    janesToken: randomSecret(),
    clarksToken: randomSecret(),
    joesPassword: randomSecret(),
    marysPassword: randomSecret(),
    clientSecret: randomSecret(),
  }
  write('ca.crt', pki.caPem, 0o644)
  write('server.crt', server.chainPem, 0o644)
  write('server.key', server.privateKeyPem, 0o600)
  write('issuer-ca.crt', issuerPki.caPem, 0o644)
  write('issuer.crt', issuer.chainPem, 0o644)
  write('issuer.key', issuer.privateKeyPem, 0o600)
  const tokens = `${secrets.janesToken},jane,1001,"developers,app1"\n${secrets.clarksToken},clark,1003,reporters\n`
  const accounts = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  write('sa.key', accounts.privateKey, 0o600)
  write('sa.pub', accounts.publicKey, 0o644)
  write('client-ca.crt', users.caPem, 0o644)
  for (const [name, client] of Object.entries(clients)) {
    write(`${name}.crt`, client.chainPem, 0o644)
    write(`${name}.key`, client.privateKeyPem, 0o600)
  }
  write('tokens.csv', tokens, 0o600)
  write('passwords.csv', `"${hashed(secrets.joesPassword)}",joe,1002,operators\n`, 0o600)
  write('secrets.json', JSON.stringify(secrets), 0o600)
}

function randomSecret(): string {
  return randomBytes(18).toString('base64url')
}

/** A scrypt hash for a password file; `htpasswd -nB joe` writes bcrypt. The hash contains commas, hence the quotes above. */
function hashed(password: string): string {
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
  const salt = randomBytes(16)
  const hash = scryptSync(password, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 })
  return `$scrypt$ln=15,r=8,p=1$${base64(salt)}$${base64(hash)}`
}
