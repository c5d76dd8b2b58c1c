import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPki, type IssuedCredential } from '@kube-authn/testing'

/** The files of the app and of the printed commands. nginx finds its files by name in the same folder, which is its prefix. */
export interface Material {
  readonly folder: string
  /** The CA of both servers' certificates. */
  readonly caPath: string
  /** The CA of proxies. It signs no other certificates. */
  readonly frontProxyCaPath: string
  readonly tokenFilePath: string
  readonly certificate: string
  readonly privateKey: string
  /** A certificate of the proxies' CA with another name. */
  readonly otherProxy: { readonly certificatePath: string; readonly keyPath: string }
  /** A certificate of another CA with the name `front-proxy`. */
  readonly impostor: { readonly certificatePath: string; readonly keyPath: string }
  readonly secrets: Secrets
}

/** The credentials of the users. Only a demonstration stores them, in order to print them. */
export interface Secrets {
  readonly janesPassword: string
  readonly joesPassword: string
  readonly robotsToken: string
}

/** The common name in nginx's certificate, and the only one the app trusts. */
export const FRONT_PROXY = 'front-proxy'

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Creates two CAs, certificates for nginx and the app, and the files of users, in a folder readable by this user only.
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
  const client = (name: string): Material['impostor'] => ({
    certificatePath: path(`${name}.crt`),
    keyPath: path(`${name}.key`),
  })
  return {
    folder,
    caPath: path('ca.crt'),
    frontProxyCaPath: path('front-proxy-ca.crt'),
    tokenFilePath: path('tokens.csv'),
    certificate: read('server.crt'),
    privateKey: read('server.key'),
    otherProxy: client('other-proxy'),
    impostor: client('impostor'),
    secrets: JSON.parse(read('secrets.json')) as Secrets,
  }
}

function isUsable(folder: string): boolean {
  const path = join(folder, 'server.crt')
  if (!existsSync(path)) return false
  return Date.parse(new X509Certificate(readFileSync(path)).validTo) > Date.now() + DAY_MS
}

async function fill(folder: string): Promise<void> {
  mkdirSync(join(folder, 'temp'), { recursive: true, mode: 0o700 })
  const write = (name: string, content: string, mode: number): void => {
    writeFileSync(join(folder, name), content, { mode })
  }
  const writePair = (name: string, issued: IssuedCredential): void => {
    write(`${name}.crt`, issued.chainPem, 0o644)
    write(`${name}.key`, issued.privateKeyPem, 0o600)
  }
  const notAfter = new Date(Date.now() + 365 * DAY_MS)
  const pki = await createPki({ commonName: 'behind-nginx example CA' })
  const frontProxyPki = await createPki({ commonName: 'behind-nginx example front proxy CA' })
  const strangersPki = await createPki({ commonName: 'behind-nginx example front proxy CA' })
  write('ca.crt', pki.caPem, 0o644)
  write('front-proxy-ca.crt', frontProxyPki.caPem, 0o644)
  // Here nginx and the app are on one machine and share this certificate; elsewhere each has its own.
  writePair('server', await pki.issueServer({ hosts: ['localhost', '127.0.0.1', '::1'], notAfter }))
  writePair(FRONT_PROXY, await frontProxyPki.issueClient({ commonName: FRONT_PROXY, notAfter }))
  writePair('other-proxy', await frontProxyPki.issueClient({ commonName: 'other-proxy', notAfter }))
  writePair('impostor', await strangersPki.issueClient({ commonName: FRONT_PROXY, notAfter }))

  const secrets: Secrets = {
    janesPassword: randomSecret(),
    joesPassword: randomSecret(),
    robotsToken: randomSecret(),
  }
  const { janesPassword, joesPassword, robotsToken } = secrets
  write('htpasswd', `jane:${salted(janesPassword)}\njoe:${salted(joesPassword)}\n`, 0o600)
  write('tokens.csv', `${robotsToken},robot,1,machines\n`, 0o600)
  write('secrets.json', JSON.stringify(secrets), 0o600)
}

function randomSecret(): string {
  return randomBytes(18).toString('base64url')
}

/** Salted SHA-1, which nginx supports on every system: strong enough for 144 random bits, but not for passwords chosen by people. */
function salted(password: string): string {
  const salt = randomBytes(8)
  const hash = createHash('sha1').update(password).update(salt).digest()
  return `{SSHA}${Buffer.concat([hash, salt]).toString('base64')}`
}
